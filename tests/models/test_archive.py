from __future__ import annotations

import random
import shutil
import stat
import zipfile

import pytest

from napari_cellcycle.errors import ModelFormatError
from napari_cellcycle.models import archive
from napari_cellcycle.models.archive import pack, unpacked
from napari_cellcycle.models.card import CARD


@pytest.fixture
def packed(tiny_folder, tmp_path):
    path = tmp_path / "tiny.zip"
    pack(tiny_folder, path)
    return path


def zipped(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def refuse(path, message):
    with pytest.raises(ModelFormatError, match=message), unpacked(path):
        pytest.fail("it was unpacked")


def special(kind):
    info = zipfile.ZipInfo("tiny/z.safetensors")
    info.external_attr = (kind | 0o777) << 16
    return info, "../../target"


def test_what_was_packed_is_unpacked_and_then_gone(tiny_folder, packed):
    with unpacked(packed) as folder:
        assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
            p.name: p.read_bytes() for p in tiny_folder.iterdir()
        }
    assert not folder.exists()


def test_a_changed_file_is_not_packed_and_an_older_zip_stays(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "copy")
    (folder / "y.safetensors").write_bytes(b"changed")
    (tmp_path / "tiny.zip").write_bytes(b"older")
    with pytest.raises(ModelFormatError, match=r"y\.safetensors is not the file"):
        pack(folder, tmp_path / "tiny.zip")
    assert (tmp_path / "tiny.zip").read_bytes() == b"older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "tiny.zip"]


def test_nothing_but_cards_and_weights_is_unpacked(packed):
    with zipfile.ZipFile(packed, "a") as file:
        for name in ("tiny/setup.py", "tiny/a/b.safetensors", "__MACOSX/tiny/._card.json"):
            file.writestr(name, "raise SystemExit")
    with unpacked(packed) as folder:
        assert sorted(p.name for p in folder.iterdir()) == [
            CARD,
            "y.safetensors",
            "z.safetensors",
        ]
        assert [p.name for p in folder.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("/card.json", "{}")], "points outside"),
        ([("tiny/../../card.json", "{}")], "points outside"),
        ([("C:/card.json", "{}")], "points outside"),
        ([("..\\card.json", "{}")], "points outside"),
        ([special(stat.S_IFLNK)], "link or device"),
        ([special(stat.S_IFIFO)], "link or device"),
        ([special(stat.S_IFDIR)], "link or device"),
        ([("card.json", "{}"), ("card.json", "{}")], "twice"),
        ([("card.json", "{}"), ("./card.json", "{}")], "twice"),
        ([("ä.txt", ""), ("a\u0308.txt", "")], "twice"),
        ([("card.json", "{}"), ("card.json/z.safetensors", "")], "a file and a folder"),
        ([("card.json", "{}"), ("inner.zip", "PK")], "an archive in the archive .unpack it"),
        ([("card.json", "{}"), ("weights.tar.gz", "")], "an archive in the archive"),
        ([(f"{i}/", "") for i in range(65)], "holds 65 files"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_could_do_harm_is_refused(tmp_path, members, message):
    refuse(zipped(tmp_path / "evil.zip", members), message)


def test_other_methods_and_encryption_are_refused(tmp_path):
    path = zipped(tmp_path / "bz2.zip", [("card.json", "{}")], zipfile.ZIP_BZIP2)
    refuse(path, "packed by another method")
    path = zipped(tmp_path / "locked.zip", [("card.json", "{}")])
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    refuse(path, "encrypted")


def test_a_bomb_is_refused_by_count_size_and_ratio(tmp_path, monkeypatch):
    zeros = bytes(300_000)
    bomb = zipped(tmp_path / "bomb.zip", [("z.safetensors", zeros)], zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < len(zeros) / 100
    refuse(bomb, "holds no card")  # small enough to do no harm
    monkeypatch.setattr(archive, "_HARMLESS", 200_000)
    refuse(bomb, "unpacks to 300,000 bytes, more than 100 times its own size")
    monkeypatch.setattr(archive, "MOST_BYTES", 200_000)
    refuse(bomb, "unpacks to more than 200,000 bytes")


def test_a_size_that_lies_is_found_out(tmp_path):
    path = zipped(tmp_path / "liar.zip", [("card.json", bytes(3000))], zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    path.write_bytes(content.replace((3000).to_bytes(4, "little"), (30).to_bytes(4, "little")))
    with zipfile.ZipFile(path) as file:
        assert file.infolist()[0].file_size == 30
    refuse(path, "no readable zip file: Bad CRC-32")


def test_damage_anywhere_is_one_clear_error_or_found_by_the_hashes(packed, tmp_path):
    whole = packed.read_bytes()
    random.seed(0)
    refused = 0
    for i in range(150):
        content = bytearray(whole)
        if i % 2:
            for place in random.sample([*range(60), *range(len(whole) - 400, len(whole))], 3):
                content[place] = random.randrange(256)
        else:
            del content[random.randrange(len(content)) :]
        path = tmp_path / "damaged.zip"
        path.write_bytes(content)
        try:
            with unpacked(path) as folder:
                assert (folder / CARD).is_file()
        except ModelFormatError:
            refused += 1
    assert refused > 100
