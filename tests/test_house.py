"""The house rules: what is where, how long, how documented, and that every rule is tested."""

import ast
import dataclasses
import inspect
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from adapters.settings import Settings
from domain.kernel import discovery
from domain.kernel.aggregate import Aggregate, RuleViolation, discover

ROOT = Path(__file__).parents[1]
PACKAGES = ["domain", "projections", "adapters", "streams", "api"]
FILES = ["Makefile", "README.md", "compose.yaml", "pyproject.toml", "requirements.lock"]
LONGEST = 300
MOST = 18
"""Files of a room, beside its chapter."""

BUSINESS = {"billing", "care", "customers", "sales", "products", "service", "marketing"}
BUSINESS |= {"organisation", "permissions"}
KERNELS = {"kernel", "kafka", "followers", "commands", "reads", "server", "cli", "imports", "demo"}
KERNELS |= {"console", "document"}
"""Rooms of what carries the business."""


def sources(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def texts() -> list[Path]:
    """Every text that a person reads or a machine runs, this file aside: it names what it bans."""
    top = [ROOT / name for name in [*FILES, ".ci/run"]]
    inside = [
        file
        for folder in [*PACKAGES, "tests"]
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".md", ".toml", ".yaml", ".json"}
    ]
    return [file for file in top + inside if file.exists() and file != Path(__file__)]


def lines_with(pattern: str) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in texts()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


def imported(file: Path) -> Iterator[str]:
    """Yield the full name of every module, or name in a module, that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def length(file: Path) -> int:
    """Return how many lines a file has, those aside by which it imports."""
    text = file.read_text(encoding="utf-8")
    imports = (n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom))
    return len(text.splitlines()) - sum((n.end_lineno or 0) - n.lineno + 1 for n in imports)


def aggregates() -> list[type[Aggregate]]:
    return list(discover().aggregates.values())


def commands() -> Iterator[tuple[str, object]]:
    for aggregate in aggregates():
        for name in dir(aggregate):
            member = inspect.getattr_static(aggregate, name)
            function = getattr(member, "__func__", member)
            if getattr(function, "is_command", False):
                yield f"{aggregate.__name__}.{name}", function


def rules(base: type[RuleViolation] = RuleViolation) -> Iterator[type[RuleViolation]]:
    """Yield every rule of the domain; the rules that tests make up are not business."""
    discover()
    for rule in base.__subclasses__():
        if rule.__module__.startswith("domain."):
            yield rule
        yield from rules(rule)


def test_the_top_level_holds_only_what_was_agreed() -> None:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    found = {
        entry.name
        for entry in ROOT.iterdir()
        if not entry.name.startswith(".")
        and not any(fnmatch(entry.name, pattern) for pattern in ignored)
    }
    assert found <= {*PACKAGES, "tests", *FILES}


def test_no_aggregate_is_imported_by_another_file_of_the_domain() -> None:
    modules = {aggregate.__module__ for aggregate in aggregates()}
    offences = [
        f"{file.name} imports {name}"
        for file in sources("domain")
        for name in imported(file)
        if name in modules
    ]
    assert offences == []


def test_every_command_says_what_it_does() -> None:
    assert [name for name, function in commands() if not inspect.getdoc(function)] == []


def test_every_rule_is_stated_in_words() -> None:
    assert [rule.__qualname__ for rule in rules() if not rule.__dict__.get("__doc__")] == []


def test_every_rule_is_raised_by_a_test() -> None:
    used = {
        getattr(node, "id", None) or getattr(node, "attr", None)
        for file in sources("tests")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    families = {parent for rule in rules() for parent in rule.__mro__[1:]}
    missing = {
        f"{rule.__module__}.{rule.__qualname__}"
        for rule in rules()
        if rule not in families and rule.__name__ not in used
    }
    assert missing == set()


def test_no_file_holds_two_ideas() -> None:
    lengths = {str(file.relative_to(ROOT)): length(file) for file in sources(*PACKAGES)}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_nothing_is_left_for_later() -> None:
    assert lines_with(r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b") == []


def test_nothing_names_a_place_on_one_machine() -> None:
    assert lines_with(r"(?<![\w.}])/(home|root|Users|work|tmp)/|[A-Z]:\\Users") == []


def test_the_lock_pins_every_dependency_by_its_hashes_and_names_no_host() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace(" \\\n", "")
    pins = lock.splitlines()
    pin = r"[a-z0-9-]+==[\w.]+( ; [^#]+?)?(    --hash=sha256:[0-9a-f]{64})+"
    assert [each for each in pins if not re.fullmatch(pin, each)] == []
    names = {each.partition("==")[0] for each in pins}
    assert {re.split(r"[\[><=]", each)[0] for each in wanted} <= names


def test_every_setting_is_documented() -> None:
    readme = (ROOT / "README.md").read_text()
    for field in dataclasses.fields(Settings):
        assert field.metadata["meaning"]
        assert f"`{field.metadata['name']}`" in readme


def test_every_folder_has_its_chapter() -> None:
    readme = (ROOT / "README.md").read_text()
    for package in (*PACKAGES, "tests"):
        assert (ROOT / package / "README.md").is_file()
        assert f"({package}/README.md)" in readme


def rooms() -> list[Path]:
    """Every folder of the packages that has modules."""
    return sorted({file.parent for file in sources(*PACKAGES)})


def modules(room: Path) -> list[str]:
    return sorted(file.name for file in room.glob("*.py") if file.name != "__init__.py")


def untold(room: Path) -> list[str]:
    """Return the files and rooms in a room of which its chapter does not tell."""
    chapter = (room / "README.md").read_text(encoding="utf-8")
    within = [f"{each.name}/" for each in rooms() if each.parent == room]
    return [name for name in [*modules(room), *within] if f"`{name}`" not in chapter]


def tell(room: Path) -> None:
    """Add to the table of a chapter the files of which it does not tell, in their own words."""
    chapter = room / "README.md"
    lines = chapter.read_text(encoding="utf-8").splitlines()
    last = max(n for n, line in enumerate(lines, 1) if line.startswith("| `"))
    for name in (each for each in untold(room) if each.endswith(".py")):
        words = ast.get_docstring(ast.parse((room / name).read_text(encoding="utf-8"))) or ""
        lines.insert(last, f"| `{name}` | {words.splitlines()[0].removesuffix('.')} |")
    chapter.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_each_chapter_tells_of_every_file_and_room_in_it() -> None:
    """What it lacks of files is written by `python -m tests.test_house`."""
    assert {str(room): untold(room) for room in rooms() if untold(room)} == {}


def test_a_room_has_no_more_files_than_one_remembers() -> None:
    counted = {str(room.relative_to(ROOT)): len(modules(room)) for room in rooms()}
    assert {room: count for room, count in counted.items() if count > MOST} == {}
    assert len(counted) > 50


def test_every_floor_has_the_same_rooms_of_business() -> None:
    for package in PACKAGES:
        found = {room.name for room in rooms() if room.parent == ROOT / package}
        if "kernel" in found:
            assert found - KERNELS <= BUSINESS


def test_a_test_stands_where_what_it_tests_stands() -> None:
    """By its name; what tests several at once stands with the room that it is most about."""
    places: dict[str, set[Path]] = {}
    for file in sources(*PACKAGES):
        places.setdefault(file.stem, set()).add(file.parent.relative_to(ROOT))
    astray = [
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / "tests" / package).rglob("test_*.py")
        if (name := file.stem.removeprefix("test_")) in places
        and not any(
            each.parts[0] == package and file.parent == ROOT / "tests" / each
            for each in places[name]
        )
        and any(each.parts[0] == package for each in places[name])
    ]
    assert astray == []


def test_discovery_finds_what_stands_in_rooms() -> None:
    for package in PACKAGES:
        files = [file for file in sources(package) if file.name != "__init__.py"]
        inner = [room for room in rooms() if room.relative_to(ROOT).parts[0] == package]
        assert len(discovery.modules(package)) == len(files) + len(inner) - 1


if __name__ == "__main__":
    for found in rooms():
        if untold(found):
            tell(found)
