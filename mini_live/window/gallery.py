"""The gallery: every character with its picture; new, import, export, rename, delete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mini_live.character_shelf import (
    LONGEST_NAME,
    delete_character,
    export_character,
    import_character,
    rename_character,
)
from mini_live.messages import Messages
from mini_live.window.background import Background
from mini_live.window.dialogs import Dialogs
from mini_live.window.known_characters import KnownCharacters
from mini_live.window.portraits import portrait

PICTURE_PX = QSize(132, 168)


class Gallery(QDialog):
    """A sheet over the window; whatever takes time is done in the background."""

    chosen = Signal(object)
    changed = Signal()
    deleted = Signal(object)
    video_wanted = Signal()

    def __init__(
        self,
        parent: QWidget,
        messages: Messages,
        known: KnownCharacters,
        dialogs: Dialogs,
        background: Background,
    ) -> None:
        """Show the known characters.

        Args:
            parent: the window.
            messages: gives the words.
            known: what is shown and changed.
            dialogs: asks for files.
            background: does what takes time.
        """
        super().__init__(parent)
        self._text = messages.text
        self._known = known
        self._dialogs = dialogs
        self._background = background
        self.setWindowTitle(self._text("characters"))
        self.resize(724, 580)
        self.list = QListWidget(objectName="gallery")
        self.list.setAccessibleName(self._text("characters"))
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(PICTURE_PX)
        self.list.setSpacing(8)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.told = QLabel(objectName="faint", wordWrap=True)
        self.buttons = {
            name: QPushButton(self._text(name))
            for name in ("new_character", "import", "open_folder", "export", "rename", "delete", "show")
        }
        self.buttons["show"].setObjectName("primary")
        self.buttons["delete"].setObjectName("danger")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addLayout(self._row("new_character", "import", "open_folder"))
        layout.addWidget(self.list, 1)
        layout.addWidget(self.told)
        layout.addLayout(self._row("export", "rename", "delete", "", "show"))
        self._connect()
        self.look(None)

    def look(self, marked: Path | None) -> None:
        """Read the characters again and mark one."""
        self._known.look()
        self.list.clear()
        for name, folder in self._known.all:
            item = QListWidgetItem(portrait(folder, PICTURE_PX), name)
            item.setData(Qt.ItemDataRole.UserRole, folder)
            item.setToolTip(str(folder))
            item.setSizeHint(QSize(PICTURE_PX.width() + 18, PICTURE_PX.height() + 34))
            self.list.addItem(item)
            if folder == marked:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None and self.list.count():
            self.list.setCurrentRow(0)
        self._show_allowed()

    @property
    def marked(self) -> Path | None:
        """The folder of the marked character."""
        item = self.list.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def import_from(self, archive: Path) -> None:
        """Take a character out of a zip."""
        self.told.setText(self._text("importing", name=archive.name))
        self._background.do(
            lambda: import_character(archive, self._known.own), self._imported, self._refused("import_failed")
        )

    def _row(self, *names: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for name in names:
            if name:
                row.addWidget(self.buttons[name])
            else:
                row.addStretch(1)
        if "" not in names:
            row.addStretch(1)
        return row

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(lambda *_: self._show_allowed())
        self.list.itemActivated.connect(lambda _: self._show_marked())
        self.buttons["show"].clicked.connect(self._show_marked)
        self.buttons["new_character"].clicked.connect(self._new)
        self.buttons["import"].clicked.connect(self._import)
        self.buttons["open_folder"].clicked.connect(self._open)
        self.buttons["export"].clicked.connect(self._export)
        self.buttons["rename"].clicked.connect(self._rename)
        self.buttons["delete"].clicked.connect(self._delete)

    def _show_allowed(self) -> None:
        folder = self.marked
        own = folder is not None and self._known.is_own(folder)
        for name in ("show", "export"):
            self.buttons[name].setEnabled(folder is not None)
        for name in ("rename", "delete"):
            self.buttons[name].setEnabled(own)
            self.buttons[name].setToolTip("" if own else self._text("built_in_hint"))

    def _show_marked(self) -> None:
        if self.marked is not None:
            self.chosen.emit(self.marked)
            self.accept()

    def _new(self) -> None:
        self.accept()
        self.video_wanted.emit()

    def _import(self) -> None:
        archive = self._dialogs.archive()
        if archive is not None:
            self.import_from(archive)

    def _open(self) -> None:
        folder = self._dialogs.character_folder()
        if folder is not None:
            self._known.add(folder)
            self.look(folder)
            self.changed.emit()

    def _export(self) -> None:
        folder = self.marked
        archive = None if folder is None else self._dialogs.new_archive(self.list.currentItem().text())
        if folder is not None and archive is not None:
            self.told.setText(self._text("exporting"))
            self._background.do(
                lambda: export_character(folder, archive),
                lambda _: self.told.setText(self._text("exported", path=archive)),
                self._refused("export_failed"),
            )

    def _rename(self) -> None:
        folder = self.marked
        if folder is None:
            return
        before = self.list.currentItem().text()
        name, agreed = QInputDialog.getText(
            self, self._text("rename"), self._text("new_name"), QLineEdit.EchoMode.Normal, before
        )
        if agreed and name.strip() != before:
            short = name.strip()[:LONGEST_NAME]
            self._background.do(
                lambda: rename_character(folder, short),
                lambda _: self._has_changed(folder, ""),
                self._refused("rename_failed"),
            )

    def _delete(self) -> None:
        folder = self.marked
        if folder is None:
            return
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle(self._text("delete"))
        question.setText(self._text("really_delete", name=self.list.currentItem().text()))
        delete = question.addButton(self._text("delete"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(self._text("keep"), QMessageBox.ButtonRole.RejectRole))
        question.exec()
        if question.clickedButton() is delete:
            self.deleted.emit(folder)
            self._background.do(
                lambda: delete_character(folder),
                lambda _: self._has_changed(None, ""),
                self._refused("delete_failed"),
            )

    def _imported(self, folder: Path) -> None:
        self._has_changed(folder, "imported")

    def _has_changed(self, marked: Path | None, key: str) -> None:
        self.look(marked)
        self.told.setText(self._text(key, name=self.list.currentItem().text()) if key else "")
        self.changed.emit()

    def _refused(self, key: str) -> Callable[[str], None]:
        return lambda sentence: self.told.setText(self._text(key, detail=sentence))
