"""The rules of the house, held by tests: who may import whom, what is banned, what the live program never loads."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("talkingface", "mini_live", "train_audio", "train", "assets", "docs")

# What each room may import from the house itself.
MAY_IMPORT = {
    "app.py": ("mini_live",),
    "talkingface": ("talkingface",),
    "mini_live": ("mini_live", "talkingface"),
    "train_audio": ("train_audio", "talkingface"),
    "train": ("train", "talkingface", "mini_live.gl", "assets.character_maker"),
    "assets": ("assets", "talkingface", "mini_live.gl"),
    "docs": ("docs", "talkingface", "mini_live"),
}
DEVICES_AND_WINDOWS = {
    "PySide6",
    "OpenGL",
    "glfw",
    "sounddevice",
    "pyvirtualcam",
    "fastapi",
    "uvicorn",
    "starlette",
}
TRAINING_ONLY = {
    "torch",
    "tensorboard",
    "onnxscript",
    "sklearn",
    "pocketsphinx",
    "hibari",
}
TORCH_ALLOWED = re.compile(r"talkingface/(networks/.*|engines/torch_\w+|checkpoints|experiment)\.py")
NEVER_IMPORTED = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
NEVER_CALLED = {"eval", "exec", "os.system", "os.popen", "cv2.imshow", "subprocess.getoutput"}
BANNED_STEM = re.compile(r"(utils?|helpers?|common|misc|stuff)|.*[a-z_]2|.*_(v\d+|new|old|demo)")
LARGEST_FILE_BYTES = 16 * 1024 * 1024
# Put together here, so that this file does not hold what it forbids.
MACHINE_PATH = re.compile(
    "|".join("/" + name + "/" for name in ("work", "opt", "root", "home", "Users", "mnt"))
)
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".yaml", ".json", ".html", ".obj", ""}


@dataclass(frozen=True)
class Module:
    """One Python file of the project, parsed."""

    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    def imports(self) -> Iterator[str]:
        """Yield the full name of everything imported anywhere in the file, also inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level:
                package = self.path.removesuffix(".py").split("/")[: -node.level]
                yield ".".join([*package, node.module or ""]).rstrip(".")

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def project_files() -> list[str]:
    """List the files that belong to the project, as git sees them, else by walking."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.splitlines()
    else:
        passed_over = {".git", ".venv", "cache", "runs", "output", "__pycache__"}
        names = [
            str(path.relative_to(PROJECT))
            for path in PROJECT.rglob("*")
            if not passed_over & set(path.relative_to(PROJECT).parts)
        ]
    return [name for name in names if (PROJECT / name).is_file()]


def all_modules() -> list[Module]:
    names = [name for name in project_files() if name.endswith(".py")]
    return [Module(name, ast.parse((PROJECT / name).read_text(encoding="utf-8"), name)) for name in names]


MODULES = all_modules()
OURS = [module for module in MODULES if module.room != "tests"]
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
each_of_ours = pytest.mark.parametrize("module", OURS, ids=lambda module: module.path)


def each_of(*rooms: str) -> pytest.MarkDecorator:
    found = [module for module in OURS if module.room in rooms]
    return pytest.mark.parametrize("module", found, ids=lambda module: module.path)


def name_of(node: ast.AST) -> str:
    """Return the dotted name of an expression, or an empty string."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def under(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_every_room_is_seen() -> None:
    rooms = {module.room for module in OURS}
    assert {"talkingface", "mini_live", "train_audio", "train", "app.py"} <= rooms


@each_of_ours
def test_a_room_imports_only_the_rooms_it_may(module: Module) -> None:
    allowed = MAY_IMPORT[module.room]
    wrong = [
        name
        for name in module.imports()
        if any(under(name, room) for room in (*ROOMS, "app", "tests"))
        and not any(under(name, ok) for ok in allowed)
    ]
    assert not wrong, f"{module.path} may import {allowed}, imports {wrong}"


@each_of("talkingface")
def test_pure_computation_knows_no_devices(module: Module) -> None:
    found = {name.split(".")[0] for name in module.imports()}
    assert not found & DEVICES_AND_WINDOWS
    if not TORCH_ALLOWED.fullmatch(module.path):
        assert not found & TRAINING_ONLY


@each_of("mini_live", "app.py")
def test_the_program_itself_never_names_training_packages(module: Module) -> None:
    found = {name.split(".")[0] for name in module.imports()}
    assert not found & (TRAINING_ONLY | {"mediapipe"})


@each_module
def test_nothing_dangerous(module: Module) -> None:
    assert not {name.split(".")[0] for name in module.imports()} & NEVER_IMPORTED
    for call in module.calls():
        where = f"{module.path}:{call.lineno}"
        assert name_of(call.func) not in NEVER_CALLED, where
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        for forbidden in ("shell", "allow_pickle"):
            value = given.get(forbidden)
            assert value is None or (isinstance(value, ast.Constant) and value.value is False), (
                f"{where} {forbidden}"
            )
        if name_of(call.func) == "torch.load":
            weights_only = given.get("weights_only")
            assert isinstance(weights_only, ast.Constant) and weights_only.value is True, (
                f"{where} torch.load"
            )
        if name_of(call.func) in ("np.load", "numpy.load"):
            assert "allow_pickle" in given, f"{where}: say allow_pickle=False"


@each_module
def test_no_global_and_no_star_import(module: Module) -> None:
    for node in ast.walk(module.tree):
        assert not isinstance(node, ast.Global), f"{module.path}:{getattr(node, 'lineno', 0)} global"
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"{module.path}:{node.lineno} star import"


@each_of_ours
def test_nothing_runs_at_import(module: Module) -> None:
    for node in module.tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            pytest.fail(f"{module.path}:{node.lineno} calls {name_of(node.value.func)} at import")
        assert not isinstance(node, ast.For | ast.While | ast.With), (
            f"{module.path}:{node.lineno} runs at import"
        )


@each_module
def test_every_module_says_its_job(module: Module) -> None:
    if module.tree.body or module.room != "tests":
        text = ast.get_docstring(module.tree)
        assert text, f"{module.path} has no docstring"
        assert len(text.splitlines()[0]) > 15, f"{module.path}: {text!r} says too little"


@each_module
def test_module_names_say_something(module: Module) -> None:
    assert not BANNED_STEM.fullmatch(Path(module.path).stem), module.path


def test_app_is_a_door_and_no_room() -> None:
    assert len((PROJECT / "app.py").read_text(encoding="utf-8").splitlines()) < 40


def test_no_file_is_too_large() -> None:
    sizes = {name: (PROJECT / name).stat().st_size for name in project_files()}
    assert not {name: size for name, size in sizes.items() if size > LARGEST_FILE_BYTES}


def test_no_path_of_one_machine() -> None:
    found = []
    for name in project_files():
        if Path(name).suffix in TEXT_SUFFIXES and Path(name).name != "LICENSE":
            text = (PROJECT / name).read_bytes().decode("utf-8", "replace")
            found += [f"{name}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert not found


def importable(room: str) -> list[str]:
    names = (module.path.removesuffix(".py").replace("/", ".") for module in OURS if module.room == room)
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def imported_by(modules: list[str]) -> set[str]:
    """Import modules in a fresh interpreter and return the top-level packages that came along."""
    script = (
        f"import sys\nfor name in {modules!r}:\n    __import__(name)\nprint(*sorted(sys.modules), sep='\\n')"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(PROJECT)}
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_live_program_never_loads_training_or_tracking() -> None:
    loaded = imported_by(importable("mini_live"))
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "mediapipe", "jax", "matplotlib", "tensorboard", "sklearn"}


def test_the_command_line_answers_without_loading_the_world() -> None:
    loaded = imported_by(["mini_live.cli"])
    assert not loaded & {"PySide6", "OpenGL", "onnxruntime", "cv2", "av", "torch", "mediapipe", "rich"}


def test_pure_computation_loads_no_devices() -> None:
    without_torch = re.compile(TORCH_ALLOWED.pattern + r"|talkingface/networks\.py")
    pure = [
        name
        for name in importable("talkingface")
        if not without_torch.fullmatch(name.replace(".", "/") + ".py")
    ]
    loaded = imported_by(pure)
    assert not loaded & (DEVICES_AND_WINDOWS | {"torch"})
