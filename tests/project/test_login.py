"""Who works, where nobody says it."""

import pytest

from napari_cellcycle.cli.project_arguments import who
from napari_cellcycle.project.login import login


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found"), OSError(), ImportError()])
def test_a_computer_may_know_no_name(monkeypatch, error):
    def unknown():
        raise error

    monkeypatch.setattr("getpass.getuser", unknown)
    assert login() == ""
    assert who("") == "somebody"
    assert who("Ann") == "Ann"


def test_the_name_of_the_login_is_taken(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "bea")
    assert (login(), who("")) == ("bea", "bea")
