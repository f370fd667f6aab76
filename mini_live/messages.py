"""Every word of the window, in English and in Simplified Chinese."""

from __future__ import annotations

LANGUAGES = {"en": "English", "zh": "简体中文"}

_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Talking avatar", "会说话的数字人"),
    "voice": ("Voice", "声音"),
    "microphone": ("Microphone", "麦克风"),
    "file": ("File", "文件"),
    "choose_file": ("Choose a sound file…", "选择声音文件…"),
    "sound_files": ("Sound and video", "声音和视频"),
    "all_files": ("All files", "所有文件"),
    "refresh": ("Look for microphones again", "重新查找麦克风"),
    "no_microphone": ("No microphone found", "没有找到麦克风"),
    "default_device": ("{name} (default)", "{name}（默认）"),
    "level": ("Sound level", "音量"),
    "character": ("Character", "角色"),
    "open_character": ("Open a character folder…", "打开角色文件夹…"),
    "open_folder": ("Open…", "打开…"),
    "new_character": ("New from video…", "用视频创建…"),
    "new_character_hint": (
        "Make a character from a portrait video of 5 to 30 seconds. You may also drop the video on the window.",
        "用 5 到 30 秒的人像视频创建角色，也可以把视频拖到窗口上。",
    ),
    "videos": ("Videos", "视频"),
    "preparing": ("Making a character: {percent} %", "正在创建角色：{percent}%"),
    "prepared": ("{name} is ready.", "{name} 已就绪。"),
    "mouth": ("Mouth", "嘴型"),
    "gain": ("Opening", "张嘴幅度"),
    "smoothing": ("Smoothing", "平滑"),
    "gate": ("Noise gate", "噪声门"),
    "offset": ("Picture delay", "画面延迟"),
    "automatic": ("auto", "自动"),
    "reset": ("Back to {value}", "恢复为 {value}"),
    "start": ("Start speaking", "开始说话"),
    "stop": ("Stop", "停止"),
    "mute": ("Mute", "静音"),
    "muted": ("Muted", "已静音"),
    "record": ("Record", "录制"),
    "stop_recording": ("Stop recording", "停止录制"),
    "recording": ("Recording", "正在录制"),
    "camera": ("Virtual camera", "虚拟摄像头"),
    "save_recording": ("Save the recording as", "录制保存为"),
    "recorded": ("Recorded: {path}", "已录制：{path}"),
    "language": ("中文", "English"),
    "language_hint": ("Switch to Chinese", "切换到英文"),
    "dark": ("Dark", "深色"),
    "light": ("Light", "浅色"),
    "theme_hint": ("Switch between light and dark", "切换浅色和深色"),
    "companion": ("Companion", "桌面伙伴"),
    "companion_hint": (
        "Only the character, above all other windows. Drag to move, Escape to come back.",
        "只显示角色并置顶。拖动移动，按 Esc 返回。",
    ),
    "snapshot": ("Snapshot", "截图"),
    "save_snapshot": ("Save the picture as", "截图保存为"),
    "saved": ("Saved: {path}", "已保存：{path}"),
    "monitor": ("Hear the voice with the picture", "与画面同步监听声音"),
    "monitor_off": ("Voice not played", "不播放声音"),
    "not_saved": ("The picture cannot be saved to {path}", "无法保存到 {path}"),
    "full_screen": ("Full screen", "全屏"),
    "loading": ("Waking up the character…", "正在唤醒角色…"),
    "ready": ("Ready. Press Start and speak.", "准备好了。按“开始说话”即可。"),
    "listening": ("Listening to {name}", "正在听：{name}"),
    "speaking_file": ("Speaking {name}", "正在播放：{name}"),
    "file_ended": ("{name} has ended.", "{name} 已播放完毕。"),
    "failed": ("The character cannot be shown", "角色无法显示"),
    "try_again": ("Try again", "重试"),
    "microphone_gone": ("The microphone is gone. Plug it in again to go on.", "麦克风已断开，重新插上即可继续。"),
    "microphone_back": ("The microphone is back.", "麦克风已恢复。"),
    "status": ("{fps:.0f} fps", "{fps:.0f} 帧/秒"),
    "status_late": ("{late} late · {dropped} dropped", "迟到 {late} · 丢弃 {dropped}"),
    "status_latency": ("{latency:.0f} ms latency", "延迟 {latency:.0f} 毫秒"),
    "latency_hint": (
        "From the sound at the source to the frame: {window} ms window + {look_ahead} ms look-ahead "
        "+ computing and pacing. The sound card's own delay comes on top.",
        "从声音输入到画面：{window} 毫秒窗口 + {look_ahead} 毫秒前瞻 + 计算与节拍。声卡自身的延迟另计。",
    ),
    "lost": ("{seconds:.1f} s of sound lost", "丢失 {seconds:.1f} 秒声音"),
    "stage": ("The character", "角色画面"),
}  # fmt: skip


class Messages:
    """The texts of one language; another is chosen by :attr:`language`."""

    def __init__(self, language: str = "en") -> None:
        """Choose a language; an unknown one falls back to English."""
        self.language = language if language in LANGUAGES else "en"

    def text(self, key: str, **values: object) -> str:
        """Return a text with its values filled in."""
        english, chinese = _TEXTS[key]
        return (chinese if self.language == "zh" else english).format(**values)


def all_texts() -> dict[str, tuple[str, str]]:
    """Return every text as (English, Chinese)."""
    return dict(_TEXTS)
