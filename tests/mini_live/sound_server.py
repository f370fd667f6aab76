"""A private PulseAudio server with a null sink, whose monitor is a microphone that tests speak into."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

SINK = "avatar_test"
START_WITHIN_S = 10.0


class SoundServer:
    """The running server; its environment makes PortAudio and paplay use it."""

    def __init__(self, folder: Path) -> None:
        """Start it in a folder of its own.

        Raises:
            RuntimeError: it does not start.
        """
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self.environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder),
            "PULSE_CONFIG_PATH": str(folder),
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_COOKIE": str(folder / "cookie"),
            "HOME": str(folder),
        }
        command = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
            "--log-target=stderr", f"--load=module-native-protocol-unix auth-anonymous=1 socket={folder}/native",
            f"--load=module-null-sink sink_name={SINK} rate=48000 channels=2",
        ]  # fmt: skip
        self._log = open(folder / "log", "wb")  # noqa: SIM115  closed with the server
        self._process = subprocess.Popen(command, env=self.environment, stdout=self._log, stderr=self._log)
        limit_s = time.monotonic() + START_WITHIN_S
        while self.pactl("info").returncode:
            if time.monotonic() > limit_s or self._process.poll() is not None:
                self.close()
                raise RuntimeError(f"pulseaudio does not start: {(folder / 'log').read_text()[-400:]}")
            time.sleep(0.1)
        self.pactl("set-default-sink", SINK)
        self.pactl("set-default-source", f"{SINK}.monitor")

    @property
    def process_id(self) -> int:
        """The server's process."""
        return self._process.pid

    def pactl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run pactl against the server."""
        return subprocess.run(["pactl", *arguments], env=self.environment, capture_output=True, timeout=10)

    def play(self, wav: Path) -> subprocess.Popen[bytes]:
        """Speak a wav into the null sink; returns the running player."""
        return subprocess.Popen(
            ["paplay", f"--device={SINK}", "--latency-msec=50", str(wav)], env=self.environment
        )

    def close(self) -> None:
        """End the server."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def missing_programs() -> list[str]:
    """Return which of the programs that the server needs are not installed."""
    return [name for name in ("pulseaudio", "pactl", "paplay") if shutil.which(name) is None]
