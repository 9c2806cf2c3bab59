"""`keyline calendars announce`: the days that a package has are shown, and become a command."""

from pathlib import Path

from tests.api.command_line import keyline


def test_a_year_is_shown_checked_and_announced_once(tmp_path: Path) -> None:
    announce = ("calendars", "announce", "2023", "--from", "chinesecalendar")
    shown = keyline(tmp_path, *announce, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "2023-01-21 to 2023-01-27" in shown.stdout
    assert "2023-01-28" in shown.stdout
    assert "2023 would be announced for cn-office." in shown.stdout
    done = keyline(tmp_path, *announce)
    assert done.returncode == 0, done.stderr
    assert "2023 is announced at position" in done.stdout
    again = keyline(tmp_path, *announce, "--dry-run")
    assert again.returncode == 1
    assert "A year is announced once" in again.stderr


def test_a_year_or_a_calendar_that_there_is_not_is_refused(tmp_path: Path) -> None:
    announce = ("calendars", "announce")
    later = keyline(tmp_path, *announce, "2099", "--from", "chinesecalendar")
    assert (later.returncode, "does not have 2099" in later.stderr) == (1, True)
    known = (*announce, "2023", "--from", "chinesecalendar", "--calendar", "x")
    nobody = keyline(tmp_path, *known)
    assert (nobody.returncode, "There is no calendar 'x'" in nobody.stderr) == (2, True)
