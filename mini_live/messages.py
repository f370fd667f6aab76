"""Every word of the window, in English and in Simplified Chinese."""

from __future__ import annotations

from mini_live.sentences import in_chinese

LANGUAGES = {"en": "English", "zh": "简体中文"}

_VOICE: dict[str, tuple[str, str]] = {
    "voice": ("Voice", "声音"),
    "microphone": ("Microphone", "麦克风"),
    "file": ("File", "文件"),
    "text": ("Text", "文字"),
    "text_hint": ("Write what the character is to say…", "输入角色要说的话…"),
    "text_needed": ("Write something to say first.", "请先输入要说的话。"),
    "making": ("Finding the words…", "正在合成语音…"),
    "choose_file": ("Choose a sound file…", "选择声音文件…"),
    "sound_files": ("Sound and video", "声音和视频"),
    "all_files": ("All files", "所有文件"),
    "pause": ("Pause", "暂停"),
    "go_on": ("Go on", "继续"),
    "place": ("Place in the sound", "播放位置"),
    "refresh": ("Look for microphones again", "重新查找麦克风"),
    "no_microphone": ("No microphone found", "没有找到麦克风"),
    "default_device": ("{name} (default)", "{name}（默认）"),
    "level": ("Sound level", "音量"),
    "mute": ("Mute", "静音"),
    "muted": ("Muted", "已静音"),
    "push_to_talk": ("Push to talk", "按键说话"),
    "push_to_talk_hint": (
        "Listen only while {talk_key} is held down. Another key can be chosen under Keys.",
        "仅在按住 {talk_key} 时收音。可在“快捷键”中更改按键。",
    ),
    "hold_key": ("Hold {talk_key} and speak.", "按住 {talk_key} 说话。"),
    "monitor": ("Play the voice in step with the picture", "与画面同步播放声音"),
    "monitor_off": ("Voice not played", "不播放声音"),
    "heard_on": ("Heard on {name}", "播放到 {name}"),
}  # fmt: skip

_CHARACTERS: dict[str, tuple[str, str]] = {
    "character": ("Character", "角色"),
    "characters": ("Characters", "角色库"),
    "manage": ("Gallery…", "角色库…"),
    "gallery_hint": ("Import, export, rename and delete characters", "导入、导出、重命名和删除角色"),
    "open_character": ("Open a character folder", "打开角色文件夹"),
    "open_folder": ("Open folder…", "打开文件夹…"),
    "new_character": ("From video…", "用视频创建…"),
    "new_character_hint": (
        "Make a character from a portrait video of 5 to 30 seconds. You may also drop the video on the window.",
        "用 5 到 30 秒的人像视频创建角色，也可以把视频拖到窗口上。",
    ),
    "videos": ("Videos", "视频"),
    "archives": ("Characters", "角色文件"),
    "import": ("Import…", "导入…"),
    "export": ("Export…", "导出…"),
    "rename": ("Rename…", "重命名…"),
    "delete": ("Delete…", "删除…"),
    "show": ("Show", "使用"),
    "keep": ("Keep", "保留"),
    "new_name": ("New name", "新名称"),
    "really_delete": ("Delete {name}? This cannot be undone.", "删除 {name}？此操作无法撤销。"),
    "built_in_hint": (
        "Built-in and opened characters stay as they are.",
        "内置角色和打开的角色不能更改。",
    ),
    "importing": ("Importing {name}…", "正在导入 {name}…"),
    "imported": ("{name} is here.", "{name} 已导入。"),
    "import_failed": ("The file cannot be imported: {detail}", "无法导入该文件：{detail}"),
    "exporting": ("Exporting…", "正在导出…"),
    "exported": ("Exported: {path}", "已导出：{path}"),
    "export_failed": ("The character cannot be exported: {detail}", "无法导出该角色：{detail}"),
    "rename_failed": ("The character cannot be renamed: {detail}", "无法重命名：{detail}"),
    "delete_failed": ("The character cannot be deleted: {detail}", "无法删除：{detail}"),
    "preparing": ("Making a character of {name}", "正在用 {name} 创建角色"),
    "prepared": ("{name} is ready.", "{name} 已就绪。"),
    "not_prepared": ("No character could be made of {name}", "无法用 {name} 创建角色"),
    "stage_": ("Opening the video", "正在打开视频"),
    "stage_track": ("Following the face", "正在跟踪人脸"),
    "stage_analyse": ("Choosing the calmest part", "正在挑选最平稳的片段"),
    "stage_write": ("Writing the character", "正在写入角色"),
    "stage_matte": ("Cutting out the background", "正在抠除背景"),
    "stage_done": ("Done", "完成"),
    "break_off": ("Cancel", "取消"),
    "report": ("Report", "报告"),
    "consent": ("Permission", "授权"),
    "consent_heading": ("Who is shown in {name}, and who permits it?", "{name} 中是谁？由谁授权？"),
    "consent_reason": (
        "A character can be made to say anything. Make one of yourself, or of somebody who has agreed.",
        "数字人可以说出任何话。请只用您本人或已同意的人的视频创建角色。",
    ),
    "consent_me": ("It is me", "是我本人"),
    "consent_other": ("It is somebody else, who has agreed", "是其他人，已经同意"),
    "consent_name": ("Name", "姓名"),
    "consent_permission": ("Permission", "授权内容"),
    "consent_own_permission": ("my own face, as a talking character", "本人肖像，用作会说话的角色"),
    "consent_permission_hint": ("e.g. agreed in writing, for our training videos", "例如：书面同意，用于培训视频"),
    "consent_kept": (
        "This is kept in the character and goes along when it is exported.",
        "以上内容会保存在角色中，导出时一并带上。",
    ),
    "consent_make": ("Make the character", "创建角色"),
    "background": ("Background", "背景"),
    "background_own": ("Its own background", "自带背景"),
    "background_green": ("Green, for keying", "绿色（抠像）"),
    "background_blue": ("Blue, for keying", "蓝色（抠像）"),
    "background_magenta": ("Magenta, for keying", "品红（抠像）"),
    "background_white": ("White", "白色"),
    "background_black": ("Black", "黑色"),
    "no_matte": (
        "The outline of this character is not known. Characters made of a video from now on have one.",
        "此角色没有抠像信息；今后用视频创建的角色都会带有。",
    ),
    "lost_character": (
        "{name} was damaged on the disk and cannot be drawn any more. Import it again, or choose another.",
        "{name} 的文件已损坏，无法继续显示。请重新导入或选择其他角色。",
    ),
}  # fmt: skip

_MOUTH: dict[str, tuple[str, str]] = {
    "mouth": ("Mouth", "嘴型"),
    "gain": ("Opening", "张嘴幅度"),
    "smoothing": ("Smoothing", "平滑"),
    "gate": ("Noise gate", "噪声门"),
    "offset": ("Picture delay", "画面延迟"),
    "automatic": ("auto", "自动"),
    "reset": ("Back to {value}", "恢复为 {value}"),
}  # fmt: skip

_WINDOW: dict[str, tuple[str, str]] = {
    "title": ("Talking avatar", "会说话的数字人"),
    "start": ("Start speaking", "开始说话"),
    "stop": ("Stop", "停止"),
    "record": ("Record", "录制"),
    "stop_recording": ("Stop recording", "停止录制"),
    "recording_for": ("Stop  {time}", "停止 {time}"),
    "camera": ("Virtual camera", "虚拟摄像头"),
    "ai_sign": ("AI sign", "AI 标识"),
    "ai_sign_hint": (
        "Recordings, snapshots and the virtual camera carry a small AI sign in the lower right corner.",
        "录制、截图和虚拟摄像头画面的右下角带有小的 AI 标识。",
    ),
    "leave_sign_out": ("Leave the AI sign out?", "不显示 AI 标识？"),
    "leave_sign_out_hint": (
        "Whoever sees the picture can then no longer see that it is synthetic. In many places the law asks for a "
        "visible sign. Files still say so in their metadata.",
        "这样观看者就看不出画面是合成的。许多地方的法律要求显示标识。文件的元数据仍会注明。",
    ),
    "without_sign": ("Leave it out", "不显示"),
    "with_sign": ("Keep the sign", "保留标识"),
    "save_recording": ("Save the recording as", "录制保存为"),
    "recorded": ("Recorded: {path}", "已录制：{path}"),
    "open": ("Open", "打开"),
    "close": ("Close", "关闭"),
    "language": ("中文", "English"),
    "language_hint": ("Switch to Chinese", "切换到英文"),
    "dark": ("Dark", "深色"),
    "light": ("Light", "浅色"),
    "theme_hint": ("Switch between light and dark", "切换浅色和深色"),
    "companion": ("Companion", "桌面伙伴"),
    "companion_hint": (
        "Drag to move, turn the wheel to scale, double-click or press Escape to go back.",
        "拖动移动，滚轮缩放，双击或按 Esc 返回。",
    ),
    "start_or_stop": ("Start or stop", "开始或停止"),
    "bigger": ("Bigger", "放大"),
    "smaller": ("Smaller", "缩小"),
    "back_to_window": ("Back to the window", "返回窗口"),
    "quit": ("Quit", "退出"),
    "snapshot": ("Snapshot", "截图"),
    "save_snapshot": ("Save the picture as", "截图保存为"),
    "saved": ("Saved: {path}", "已保存：{path}"),
    "not_saved": ("The picture cannot be saved to {path}", "无法保存到 {path}"),
    "full_screen": ("Full screen", "全屏"),
    "loading": ("Waking up the character…", "正在唤醒角色…"),
    "ready": ("Ready. Press Start and speak.", "准备好了。按“开始说话”即可。"),
    "file_ended": ("{name} has ended.", "{name} 已播放完毕。"),
    "failed": ("The character cannot be shown", "角色无法显示"),
    "try_again": ("Try again", "重试"),
    "microphone_gone": ("The microphone is gone. Plug it in again to go on.", "麦克风已断开，重新插上即可继续。"),
    "microphone_back": ("The microphone is back.", "麦克风已恢复。"),
    "stage": ("The character", "角色画面"),
    "keys": ("Keys", "快捷键"),
    "shortcuts": ("Keys", "快捷键"),
    "shortcuts_hint": (
        "Click on a field and press the new keys. Those of the window count while it is in front; "
        "the key to talk counts everywhere on Windows and X11.",
        "点击输入框并按下新的按键。窗口快捷键仅在窗口位于前台时有效；说话键在 Windows 和 X11 上全局有效。",
    ),
    "do_start": ("Start or stop speaking", "开始或停止说话"),
    "do_mute": ("Mute", "静音"),
    "do_talk": ("Hold to talk", "按住说话"),
    "do_record": ("Record", "录制"),
    "do_snapshot": ("Snapshot", "截图"),
    "do_companion": ("Companion", "桌面伙伴"),
    "do_full_screen": ("Full screen", "全屏"),
}  # fmt: skip

_HEALTH: dict[str, tuple[str, str]] = {
    "status": ("{fps:.0f} fps", "{fps:.0f} 帧/秒"),
    "status_late": ("{late} late · {dropped} dropped", "迟到 {late} · 丢弃 {dropped}"),
    "status_load": ("CPU {load:.0f} % of a core", "处理器 {load:.0f}%（单核）"),
    "status_latency": (
        "Latency {latency:.0f} ms = {window} window + {look_ahead} look-ahead + {compute:.0f} computing "
        "+ {pacing:.0f} pacing",
        "延迟 {latency:.0f} 毫秒 = 窗口 {window} + 前瞻 {look_ahead} + 计算 {compute:.0f} + 节拍 {pacing:.0f}",
    ),
    "latency_hint": (
        "From the sound at the source to its picture. The sound card's own delay comes on top. To whom the voice is "
        "played back, sound and picture come together.",
        "从声音输入到对应画面的时间，声卡自身的延迟另计。回放的声音与画面同步。",
    ),
    "lost": ("{seconds:.1f} s of sound lost", "丢失 {seconds:.1f} 秒声音"),
    "doctor": ("Check-up", "体检"),
    "looking": ("Looking at this machine…", "正在检查本机…"),
    "doctor_good": ("Everything is here.", "一切就绪。"),
    "doctor_optional": (
        "The avatar can speak. Optional and missing: {count}",
        "数字人可以说话。缺少的可选组件：{count}",
    ),
    "doctor_missing": (
        "Needed and missing: {count}",
        "缺少的必需组件：{count}",
    ),
    "doctor_failed": ("The check-up could not be made.", "无法完成体检。"),
    "copy_report": ("Copy as text", "复制为文本"),
    "log_is_in": ("Log file: {path}", "日志文件：{path}"),
    "check_mouth model": ("Mouth model", "嘴型模型"),
    "check_face generator": ("Face generator", "人脸生成器"),
    "check_default character": ("Default character", "默认角色"),
    "check_other characters": ("Other characters", "其他角色"),
    "check_OpenGL": ("OpenGL", "OpenGL 绘图"),
    "check_microphone": ("Microphone", "麦克风"),
    "check_display": ("Display", "显示器"),
    "check_virtual camera": ("Virtual camera", "虚拟摄像头"),
    "check_text to speech": ("Text to speech", "语音合成"),
    "check_python": ("Python", "Python 版本"),
    "unfinished_kept": (
        "The last recording was cut off; what there was of it is in {path}",
        "上次录制意外中断，已恢复到 {path}",
    ),
}  # fmt: skip

# What went wrong: in English the program's own sentence, which names the cure; in Chinese the cure for its kind.
_TROUBLE: dict[str, tuple[str, str]] = {
    "trouble_note": ("{detail}", "提示：{detail}"),
    "trouble_microphone": (
        "{detail}",
        "麦克风无法使用：请检查连接和系统权限，关闭占用它的其他程序，或选择另一个麦克风。",
    ),
    "trouble_sound": ("{detail}", "这个声音文件无法播放：请选择另一个文件。"),
    "trouble_text": ("{detail}", "无法合成语音：请安装 espeak-ng 或系统语音后重试。"),
    "trouble_devices": ("{detail}", "无法读取声音设备：请检查声音服务（Linux 上需要 libportaudio2）。"),
    "trouble_recording": ("{detail}", "录制已停止，可能是磁盘已满或没有写入权限；已录制的部分会保留。（{detail}）"),
    "trouble_camera": (
        "{detail}",
        "虚拟摄像头不可用：Linux 请加载 v4l2loopback 内核模块，Windows 和 macOS 请安装 OBS Studio。",
    ),
    "trouble_monitor": ("{detail}", "扬声器无法使用：请重新连接或选择另一个输出设备。"),
    "trouble_character": ("{detail}", "角色无法打开，文件可能已损坏：请重新导入或重新创建。（{detail}）"),
}  # fmt: skip

_TEXTS = {**_VOICE, **_CHARACTERS, **_MOUTH, **_WINDOW, **_HEALTH, **_TROUBLE}


class Messages:
    """The texts of one language; another is chosen by :attr:`language`."""

    def __init__(self, language: str = "en") -> None:
        """Choose a language; an unknown one falls back to English."""
        self.language = language if language in LANGUAGES else "en"

    def text(self, key: str, **values: object) -> str:
        """Return a text with its values filled in."""
        english, chinese = _TEXTS[key]
        if "detail" in values:
            values["detail"] = self.detail(str(values["detail"]))
        return (chinese if self.language == "zh" else english).format(**values)

    def detail(self, sentence: str) -> str:
        """Return what an error says, in the language chosen where the sentence is the program's own."""
        return in_chinese(sentence) if self.language == "zh" else sentence


def has_text(key: str) -> bool:
    """Tell whether there is such a text."""
    return key in _TEXTS


def all_texts() -> dict[str, tuple[str, str]]:
    """Return every text as (English, Chinese)."""
    return dict(_TEXTS)
