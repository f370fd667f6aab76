"""A real Chromium without a screen, driven over its DevTools protocol: open, run, wait, take a picture."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
START_S = 40.0
QUIET_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip


def find_browser() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One page of a Chromium of its own; its microphone plays a wav."""

    def __init__(self, program: str, folder: Path, microphone_wav: Path) -> None:
        flags = [
            *QUIET_FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "--window-size=1280,900",
            f"--use-file-for-fake-audio-capture={microphone_wav}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            [program, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._numbers = 0
        self.complaints: list[str] = []
        self._socket = self._connected(folder)
        for domain in ("Page", "Runtime", "Log"):
            self.command(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def command(self, method: str, session: bool = True, **parameters: Any) -> dict[str, Any]:
        self._numbers += 1
        message = {"id": self._numbers, "method": method, "params": parameters}
        if session and self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(30))
            self._note(answer)
            if answer.get("id") == self._numbers:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def open(self, url: str) -> None:
        self.command("Page.navigate", url=url)

    def run(self, expression: str) -> Any:
        answer = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str, timeout_s: float = 30.0) -> Any:
        end_s = time.monotonic() + timeout_s
        while not (found := self.run(expression)):
            assert time.monotonic() < end_s, f"{expression} did not become true; {self.complaints}"
            time.sleep(0.2)
        return found

    def picture(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"]))
        return path

    def choose_file(self, selector: str, file: Path) -> None:
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(message["params"]["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.complaints.append(str(message["params"]["entry"]))

    def _connected(self, folder: Path) -> ClientConnection:
        told = folder / "DevToolsActivePort"
        end_s = time.monotonic() + START_S
        while not (told.is_file() and len(told.read_text().split()) == 2):
            assert time.monotonic() < end_s and self._process.poll() is None, "the browser did not start"
            time.sleep(0.2)
        port, path = told.read_text().split()
        self._session = ""
        self._socket = connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=30)
        pages = self.command("Target.getTargets", session=False)["targetInfos"]
        page = next(target["targetId"] for target in pages if target["type"] == "page")
        self._session = self.command("Target.attachToTarget", session=False, targetId=page, flatten=True)[
            "sessionId"
        ]
        return self._socket
