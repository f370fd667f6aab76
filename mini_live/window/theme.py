"""Colours of the window, light and dark, as one style sheet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Colours as CSS hex."""

    name: str
    window: str
    panel: str
    line: str
    text: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    field: str
    stage: str
    danger: str
    cinema: str


LIGHT = Theme(
    name="light", window="#f4f5f7", panel="#ffffff", line="#e1e4e9", text="#1d2330", faint="#6a7280",
    accent="#2f6f6b", accent_hover="#285f5c", on_accent="#ffffff", field="#f4f5f7", stage="#e6e9ee", danger="#b5402f",
    cinema="#101318",
)  # fmt: skip
DARK = Theme(
    name="dark", window="#15181d", panel="#1d2128", line="#2d333d", text="#e8ebf0", faint="#929baa",
    accent="#4fa8a1", accent_hover="#63bab3", on_accent="#0d1416", field="#262b34", stage="#0f1216", danger="#e07a68",
    cinema="#050608",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def style_sheet(theme: Theme) -> str:
    """Return the whole window's style sheet."""
    return f"""
* {{ font-size: 13px; color: {theme.text}; }}
QWidget#window, QDialog {{ background: {theme.window}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QFrame#card {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 12px; }}
QLabel {{ background: transparent; }}
QLabel#title {{ font-size: 16px; font-weight: 600; }}
QLabel#good {{ color: {theme.accent}; font-weight: 600; }}
QLabel#bad {{ color: {theme.danger}; font-weight: 600; }}
QLabel#heading {{ font-size: 14px; font-weight: 600; }}
QLabel#faint, QLabel#status {{ color: {theme.faint}; font-size: 12px; }}
QLabel#number {{ color: {theme.faint}; }}
QFrame#notice {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 10px; }}
QPushButton#link {{ background: transparent; border: none; color: {theme.accent}; font-weight: 600; padding: 5px 8px; }}
QPlainTextEdit, QLineEdit, QKeySequenceEdit QLineEdit {{ background: {theme.field}; border: 1px solid {theme.line};
    border-radius: 8px; padding: 5px 8px; selection-background-color: {theme.accent};
    selection-color: {theme.on_accent}; placeholder-text-color: {theme.faint}; }}
QPlainTextEdit:focus, QLineEdit:focus {{ border-color: {theme.accent}; }}
QRadioButton {{ spacing: 8px; }}
QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {theme.faint}; border-radius: 8px;
    background: {theme.field}; }}
QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {theme.accent};
    background: {theme.on_accent}; }}
QProgressBar {{ background: {theme.line}; border: none; border-radius: 3px; }}
QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
QListWidget {{ background: transparent; border: none; outline: none; }}
QListWidget::item {{ border-radius: 10px; padding: 6px 4px 4px 4px; border: 1px solid transparent; }}
QListWidget::item:hover {{ background: {theme.field}; }}
QListWidget::item:selected {{ background: {theme.field}; border: 1px solid {theme.accent}; color: {theme.text}; }}
QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 5px; }}
QMenu::item {{ padding: 6px 22px 6px 14px; border-radius: 6px; }}
QMenu::item:selected {{ background: {theme.field}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: 4px 8px; }}
QPushButton, QComboBox {{ background: {theme.field}; border: 1px solid {theme.line}; border-radius: 8px;
    padding: 7px 12px; min-height: 18px; }}
QPushButton:hover, QComboBox:hover {{ border-color: {theme.accent}; }}
QPushButton:focus, QComboBox:focus, QSlider:focus {{ border: 1px solid {theme.accent}; outline: none; }}
QPushButton:disabled, QComboBox:disabled {{ color: {theme.faint}; border-color: {theme.line}; }}
QPushButton#primary {{ background: {theme.accent}; color: {theme.on_accent}; border: none; font-weight: 600;
    padding: 10px 14px; }}
QPushButton#primary:hover, QPushButton#primary:focus {{ background: {theme.accent_hover}; border: none; }}
QPushButton#primary:disabled {{ background: {theme.line}; color: {theme.faint}; }}
QPushButton:checked {{ background: {theme.panel}; border: 1px solid {theme.accent}; color: {theme.accent};
    font-weight: 600; }}
QPushButton#segment {{ padding: 7px 4px; }}
QPushButton#danger:checked {{ border-color: {theme.danger}; color: {theme.danger}; }}
QPushButton#quiet {{ background: transparent; border: none; padding: 5px 8px; color: {theme.faint}; }}
QPushButton#quiet:hover, QPushButton#quiet:focus {{ color: {theme.text}; background: {theme.field}; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ width: 0; height: 0; border-left: 4px solid {theme.field};
    border-right: 4px solid {theme.field}; border-top: 5px solid {theme.faint}; }}
QComboBox QAbstractItemView {{ background: {theme.panel}; border: 1px solid {theme.line};
    selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; outline: none; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {theme.line}; }}
QSlider::sub-page:horizontal {{ background: {theme.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 12px; height: 12px; margin: -6px 0; border-radius: 8px;
    background: {theme.panel}; border: 2px solid {theme.accent}; }}
QSlider {{ min-height: 20px; background: transparent; border: 1px solid transparent; border-radius: 6px; }}
QToolTip {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line}; padding: 4px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; }}
QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; min-height: 30px; min-width: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
