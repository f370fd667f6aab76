"""The web page: nothing from elsewhere, the same words in both languages, and a real browser that shows it live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from mini_live.service.http_routes import page_file
from tests.mini_live.browser import Browser, find_browser
from tests.mini_live.fakes import babble, write_wav
from tests.mini_live.serving import characters_folder, service
from tests.mini_live.test_service_program import serving

FILES = ("index.html", "page.css", "page.js", "performance.js", "microphone.js", "words.js")

# True when something was painted on the stage.
PAINTED = (
    "(() => { const c = document.getElementById('stage');"
    " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value > 0); })()"
)


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return characters_folder(tmp_path_factory.mktemp("page") / "characters")


@pytest.fixture(scope="module")
def client(characters: Path) -> Iterator[TestClient]:
    with service(characters) as client:
        yield client


def test_the_page_and_all_its_files_come_from_here(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    named: set[str] = set()
    waiting = set(re.findall(r'(?:src|href)="(/[^"]+)"', page.text))
    while waiting:
        path = waiting.pop()
        named.add(path)
        waiting |= set(re.findall(r'"(/page/[^"]+)"', client.get(path).text)) - named
    assert {path.removeprefix("/page/") for path in named} == set(FILES) - {"index.html"}
    assert {client.get(path).status_code for path in named} == {200}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = page_file(name).read_text(encoding="utf-8").replace("http://127.0.0.1", "")
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)
    assert not re.findall(r"\b(?:innerHTML|eval|document\.write)\b", text)


def test_both_languages_say_everything() -> None:
    text = page_file("words.js").read_text(encoding="utf-8")
    english, chinese = re.split(r"\n  zh: ", text)
    keys = [
        set(re.findall(r"(?:^|[{,]\s)\s*(\w+): ", part, re.MULTILINE)) - {"en"} for part in (english, chinese)
    ]
    assert keys[0] == keys[1] and len(keys[0]) > 30
    asked = set(re.findall(r'data-text="(\w+)"', page_file("index.html").read_text(encoding="utf-8")))
    assert asked <= keys[0]


@pytest.mark.slow
def test_a_browser_shows_the_character_live(characters: Path, tmp_path: Path) -> None:
    program = find_browser()
    if program is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    wav = write_wav(tmp_path / "voice.wav", babble(3.0))
    with serving(characters) as (url, _), Browser(program, tmp_path / "profile", wav) as browser:
        browser.open(url + "#lang=en")
        browser.wait_for("document.querySelector('#characters button[title=Anna]') !== null")
        browser.run("document.querySelector('#characters button[title=Anna]').click()")
        assert browser.run("document.title") == "Live avatar"
        browser.wait_for(PAINTED)
        still = browser.run("document.getElementById('stage').toDataURL()")
        browser.run("document.getElementById('microphone').click()")
        browser.wait_for("document.getElementById('status').textContent === 'Live'")
        browser.wait_for("document.getElementById('numbers').textContent.includes('frames a second')")
        assert browser.run("document.getElementById('stage').toDataURL()") != still
        browser.run("document.getElementById('microphone').click()")
        browser.run("document.getElementById('language').click()")
        assert browser.run("document.getElementById('microphone').textContent") == "使用麦克风"
        browser.choose_file("#file", wav)
        browser.run("document.getElementById('play').click()")
        browser.wait_for("document.getElementById('status').textContent === '直播中'")
        browser.wait_for("document.getElementById('status').textContent === '已结束'", 60)
        browser.run("document.getElementById('make').click()")
        browser.wait_for("document.querySelector('#job-text a') !== null", 90)
        picture = cv2.imread(str(browser.picture(tmp_path / "page.png")))
        assert picture.shape[1] == 1280 and np.std(picture) > 10
        assert browser.complaints == []
