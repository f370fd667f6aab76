"""The program's own sentences about what went wrong, in Simplified Chinese."""

from __future__ import annotations

import re

# English with what varies in groups, and the Chinese for it. What the system said stays as the system said it.
_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"expected a microphone, found none.*", "没有找到麦克风：请插上一个，或播放声音文件。"),
    (
        r"the microphone '(.+)' cannot be opened \((.*)\).*",
        r"无法打开麦克风“\1”（\2）：请关闭占用它的其他程序，在系统设置中允许本程序使用麦克风，或选择另一个。",
    ),
    (
        r"the microphone '(.+)' is gone \(it was stopped or unplugged\).*",
        r"麦克风“\1”已停止或被拔出：请重新插上或选择另一个。",
    ),
    (r"the microphone '(.+)' is gone.*", r"麦克风“\1”不再有声音：请重新插上或选择另一个。"),
    (r"expected one of the microphones .*, found none called '(.*)'", r"没有名为“\1”的麦克风：请另选一个。"),
    (r"the list of (?:microphones|speakers) cannot be read: (.*)", r"无法读取声音设备列表：\1"),
    (
        r"the microphone needs PortAudio, found none \((.*)\):.*",
        r"缺少 PortAudio（\1）：Debian 和 Ubuntu 请运行 apt install libportaudio2 libasound2-plugins。",
    ),
    (r"the speaker is gone.*", "扬声器已断开：请重新连接或选择另一个输出设备。"),
    (
        r"the speaker(?: '(.+)')? cannot be opened \((.*)\).*",
        r"无法打开扬声器\1（\2）：请选择另一个输出设备。",
    ),
    (
        r"expected a virtual camera, found none: .*",
        "没有找到虚拟摄像头：Linux 请加载 v4l2loopback 内核模块，Windows 和 macOS 请安装 OBS Studio。",
    ),
    (r"the virtual camera (.+) is gone: (.*)", r"虚拟摄像头 \1 已断开：\2"),
    (r"a virtual camera needs pyvirtualcam.*", "缺少 pyvirtualcam：请运行 pip install pyvirtualcam。"),
    (
        r"expected a program that speaks text, found none of them.*",
        "没有语音合成程序：请安装 espeak-ng 或系统语音。",
    ),
    (r"expected a text with words to speak.*", "文字中没有可以朗读的内容。"),
    (
        r"expected a text of at most (\d+) characters, found (\d+).*",
        r"文字最多 \1 个字符，现有 \2 个：请分段朗读。",
    ),
    (r"expected a sound file, found one that cannot be decoded: (.*)", r"无法解码的声音文件：\1"),
    (r"(.+) cannot be written: No space left on device", r"无法写入 \1：磁盘已满"),
    (r"(?:.*: )?No space left on device", "磁盘已满"),
    (r"expected permission to write into (.+), found none", r"没有写入权限：\1"),
    (r"expected a folder to write into, found none at (.+)", r"文件夹不存在：\1"),
    (r"expected to write (.+), found: (.*)", r"无法写入 \1：\2"),
    (r"expected to delete (.+), found: (.*)", r"无法删除 \1：\2"),
    (r"expected to unpack (.+), found: (.*)", r"无法解压 \1：\2"),
    (r"expected a whole zip, found a damaged one: (.*)", r"压缩文件已损坏：\1"),
    (r"expected at most (\d+) files in the zip, found (\d+)", r"压缩文件中最多 \1 个文件，现有 \2 个"),
    (r"expected a character of at most (\d+) bytes, found more in (.*)", r"角色文件过大（上限 \1 字节）：\2"),
    (
        r"expected (?:file names inside|plain files in|each file once in) the .*",
        "压缩文件中含有不允许的文件名、链接或重复文件",
    ),
    (r"expected a name of 1 to (\d+) signs.*", r"名称应为 1 到 \1 个字符"),
    (r"expected a character folder, found no \S+ in (.+)", r"不是角色文件夹：\1"),
    (
        r"expected (\S+) with sha256 .* in (.+): it was changed or damaged.*",
        r"\1 已被更改或损坏（\2）：请重新导入或重新创建。",
    ),
    (r"expected \d+ frames, found frame (\d+) missing or damaged in (.+)", r"第 \1 帧缺失或损坏：\2"),
    (r"expected character format .* in (.+): prepare it again", r"角色版本不符，请重新创建：\1"),
    (r"expected a video file, found one that cannot be read: (.*)", r"无法读取的视频文件：\1"),
    (
        r"expected a face, found none in \d+ frames of (.+?): .*",
        r"\1 中没有找到人脸：请正面拍摄一个人，光线充足，人脸至少 180 像素宽。",
    ),
    (
        r"expected a face at least (\d+) px wide, found (\d+) px in (.+?): .*",
        r"\3 中的人脸太小（\2 像素，至少 \1）：请靠近拍摄，建议 180 像素以上。",
    ),
    (
        r"expected a face for at least (\d+) frames on end, found (\d+).*",
        r"连续出现人脸的画面太短（\2 帧，至少 \1）：请正面拍摄一个人，不要剪切。",
    ),
    (
        r"expected the mouth inside the picture in every frame.*",
        "嘴部有时在画面之外：请让整张脸始终在画面内。",
    ),
    (r"drawing without OpenGL \((.*)\)", r"未使用 OpenGL 绘图（\1）"),
    (r"expected OpenGL to draw the mouth, found error (.*)", r"OpenGL 绘图出错：\1"),
)
_FITTING = tuple((re.compile(english, re.DOTALL), chinese) for english, chinese in _SENTENCES)


def in_chinese(sentence: str) -> str:
    """Return a sentence of the program in Chinese; one that is not known, such as the system's own, as it is."""
    for english, chinese in _FITTING:
        found = english.fullmatch(sentence.strip())
        if found is not None:
            return str(found.expand(chinese)) if "\\" in chinese else chinese
    return sentence
