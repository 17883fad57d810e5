"""Tables of text: headers, delimiters, categories, targets, and mistakes found by line and column."""

import csv
import re

import numpy as np
import pytest

from omomi.data import read_csv


@pytest.fixture
def table(tmp_path):
    """Writes text (or rows, by the csv module) to mine.csv."""

    def write(content, encoding="utf-8", **options):
        path = tmp_path / "mine.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            if isinstance(content, str):
                file.write(content)
            else:
                csv.writer(file, **options).writerows(content)
        return path

    return write


HOUSES = [["rooms", "colour", "price"], [3, "red", 10.5], [4, "blue", 12.25], [5, "red", 15.0]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_text_columns_become_one_hot(table, delimiter, encoding, ending):
    data = read_csv(table(HOUSES, encoding, delimiter=delimiter, lineterminator=ending))
    assert data.name == "mine"
    assert data.features == ("rooms", "colour=blue", "colour=red")
    np.testing.assert_array_equal(data.x, [[3, 0, 1], [4, 1, 0], [5, 0, 1]])
    np.testing.assert_array_equal(data.y, [[10.5], [12.25], [15.0]])
    assert data.targets == ("price",)


def test_quoted_cells_blank_lines_and_spaces(table):
    data = read_csv(table('"a;b", "c"\n\n1 , "x, y"\n  \n2,"two\nlines"\n'))
    assert data.features == ("a;b",)
    np.testing.assert_array_equal(data.x, [[1], [2]])
    assert data.classes == ("two\nlines", "x, y")


@pytest.mark.parametrize(
    ("text", "features", "n"),
    [
        ("1,2\n3,4.5\n", ("x1",), 2),  # numbers alone
        ("a,b\n3,4.5\n", ("a",), 1),  # text above numbers
        ("a,2\n3,4.5\n", ("a",), 1),  # once is enough
        ("1,red\n3,blue\n", ("x1",), 2),  # text above text
        ("sky,play\nsun,yes\nrain,no\nsun,no\n", ("sky=rain", "sky=sun"), 3),  # all text, never repeated below
        ("sun,yes\nrain,no\nsun,no\n", ("x1=rain", "x1=sun"), 3),  # all text, repeated below
        ("a;b\n1;red, dark\n3;blue, light\n", ("a",), 2),  # the comma cuts unevenly
    ],
)
def test_header_is_found(table, text, features, n):
    data = read_csv(table(text))
    assert data.features == features
    assert data.n == n


def test_header_can_be_said(table):
    path = table("2019,2020\n1,2.5\n")
    assert read_csv(path).n == 2
    assert read_csv(path, header=True).features == ("2019",)
    assert read_csv(table("a,b\nc,d\n"), header=False).n == 2


def test_delimiter_can_be_said(table):
    data = read_csv(table("a|b\n1|2.5\n"), delimiter="|")
    assert data.features == ("a",)


@pytest.mark.parametrize(
    ("cells", "classes", "labels"),
    [
        (["no", "yes", "no"], ("no", "yes"), [0, 1, 0]),
        (["1", "-1", "+1"], ("-1", "1"), [1, 0, 1]),
        (["10", "9.0", "10"], ("9", "10"), [1, 0, 1]),  # in the order of numbers, not of letters
        (["a", "1", "b"], ("1", "a", "b"), [1, 0, 2]),
    ],
)
def test_classes_are_found(table, cells, classes, labels):
    data = read_csv(table([["a", "b"], *([0.5, cell] for cell in cells)]))
    assert data.classes == classes
    np.testing.assert_array_equal(data.y, labels)


@pytest.mark.parametrize(("values", "n_classes"), [(20, 20), (21, 0)])
def test_many_whole_numbers_are_a_quantity(table, values, n_classes):
    data = read_csv(table([["a", "b"], *([0.5, i] for i in range(values))]))
    assert len(data.classes) == n_classes
    np.testing.assert_array_equal(data.y.ravel(), range(values))


def test_classes_can_be_said(table):
    path = table("a,b\n0,1\n1,3\n")
    np.testing.assert_array_equal(read_csv(path, classes="3,2,1").y, [2, 0])
    np.testing.assert_array_equal(read_csv(path, classes=[3, 2, 1]).y, [2, 0])
    np.testing.assert_array_equal(read_csv(path, classes=()).y, [[1], [3]])


@pytest.mark.parametrize("target", ["rooms,price", "rooms, price", ["rooms", "price"]])
def test_several_targets_are_a_regression(table, target):
    data = read_csv(table(HOUSES), target)
    assert data.features == ("colour=blue", "colour=red")
    assert data.targets == ("rooms", "price")
    np.testing.assert_array_equal(data.y, [[3, 10.5], [4, 12.25], [5, 15.0]])


def test_target_by_name(table):
    assert read_csv(table(HOUSES), "colour").classes == ("blue", "red")
    assert read_csv(table('"b, c",a\n1,2\n'), "b, c").features == ("a",)  # a name with a comma


TALL = "a,b\n" + "".join(f"{i},1\n" for i in range(150))


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("", {}, "mine.csv: a table is needed, got an empty file"),
        ("\n \n", {}, "mine.csv: a table is needed, got an empty file"),
        ("a,b\n", {}, "mine.csv: samples are needed, got nothing but the header"),
        ("a,b\n1,2\n\n1,2,3\n", {}, "mine.csv line 4: 2 cells are needed as in line 1, got 3"),
        ("a,b\n1,2\n1\n", {}, "mine.csv line 3: 2 cells are needed as in line 1, got 1"),
        (",b\n1,2\n", {}, "mine.csv: the header must name every column, got none for column 1"),
        ("a,b,a\n1,2,3\n", {}, "mine.csv: column names must differ, got 'a' twice"),
        ("a,b\n1,2\n,2\n", {}, "mine.csv line 3, column 'a': a finite number is needed, got ''"),
        ("a,b\n1,2\n\n2,NaN\n", {}, "mine.csv line 4, column 'b': a finite number is needed, got 'NaN'"),
        ("a,b\n1,2\n-inf,2\n", {}, "mine.csv line 3, column 'a': a finite number is needed, got '-inf'"),
        ("a,b\n1,2\n?,2\n", {}, "mine.csv line 3, column 'a': a finite number is needed, got '?'"),
        ("a,b\nNA,2\n1,2\n", {}, "mine.csv line 2, column 'a': a finite number is needed, got 'NA'"),
        ('a,b\n"x\ny",2\n,2\n', {}, "mine.csv line 4, column 'a': a value is needed, got ''"),
        ("a,b\n1,x\n1,\n", {}, "mine.csv line 3, column 'b': a value is needed, got ''"),
        (TALL + "12o,1\n", {}, "mine.csv line 152, column 'a': 151 different values must be numbers, got '12o'"),
        (TALL + "12o,1\n", {"target": "a"}, "mine.csv line 152, column 'a': 151 different values must be numbers"),
        ("a,b\n1,2\n", {"target": "c"}, "mine.csv: no column is named 'c'"),
        ("age,price\n1,2\n", {"target": "prize"}, "mine.csv: no column is named 'prize'; did you mean 'price'?"),
        ("a,b\n1,2\n", {"target": "a,a"}, "mine.csv: target must name different columns, got 'a,a'"),
        ("a,b\n1,2\n", {"target": ""}, "mine.csv: target must name different columns, got ''"),
        ("a,b\n1,2\n", {"target": "a,b"}, "mine.csv: x needs at least one column besides the target, got a, b"),
        ("a\n1\n", {}, "mine.csv: x needs at least one column besides the target, got a"),
        ("a,b,c\n1,2,3\n", {"target": "a,b", "classes": "x,y"}, "mine.csv: classes need a single target, got a, b"),
        (
            "a,b\n1,no\n2,maybe\n",
            {"classes": "no,yes"},
            "mine.csv line 3, column 'b': one of the classes no, yes is needed",
        ),
        ("a,b\n1,no\n", {"classes": ()}, "mine.csv line 2, column 'b': a regression needs a number, got 'no'"),
        (
            "1;2,5\n3;4,75\n",
            {},
            "mine.csv line 1, column 'x2': numbers are written with a point and without commas, got",
        ),
        ('a,b\n1,"1,234.5"\n', {}, "mine.csv line 2, column 'b': numbers are written with a point and without commas"),
        ('a,b\n1,2\n"1,2\n', {}, "mine.csv line 3: a table is needed, got unexpected end of data"),
        ("a,b\n1,2\n", {"delimiter": ";;"}, "read_csv: delimiter must be one character, got ';;'"),
    ],
)
def test_refusals(table, text, options, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        read_csv(table(text), **options)


def test_other_encodings_are_refused(table):
    with pytest.raises(ValueError, match=r"^mine.csv: the text must be UTF-8, got the byte 0xe9 at 6$"):
        read_csv(table("a,b\n1,é\n", "latin-1"))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^there is no file '.*none\.csv'$"):
        read_csv(tmp_path / "none.csv")
