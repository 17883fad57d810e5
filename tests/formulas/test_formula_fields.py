"""What the fields of formulas take: numbers in a range, tuples of numbers, other formulas."""

import math
import re
from dataclasses import fields

import numpy as np
import pytest

from catalogue import every_formula, example, inside
from omomi.formulas.optimizers import Adam
from omomi.networks.layers import Dense


def wrong_ends(low, high, closed, whole):
    """Just outside a range, at each end."""
    left, right = closed
    if math.isfinite(low):
        yield low if left == "(" else low - 1 if whole else math.nextafter(low, -math.inf)
    if math.isfinite(high):
        yield high if right == ")" else high + 1 if whole else math.nextafter(high, math.inf)
    yield from ((-math.inf,) if left == "(" else ())
    yield from ((math.inf,) if right == ")" else ())


def wrong_numbers(f):
    """Just outside the range of a field, at each end, and what is no number at all."""
    yield from wrong_ends(**f.metadata)
    yield from (math.nan, True, "1", None, 1j)


def number_fields():
    return [
        pytest.param(cls, f, id=f"{cls.__name__}-{f.name}")
        for cls in [p.values[0] for p in every_formula()]
        for f in fields(cls)
        if "low" in f.metadata
    ]


def test_there_are_number_fields():
    assert len(number_fields()) > 10


@pytest.mark.parametrize(("cls", "field"), number_fields())
def test_outside_the_range_class_and_field_are_named(cls, field):
    for wrong in wrong_numbers(field):
        must = r"(lie in [\[(].*[\])]|be a (whole )?number)"
        with pytest.raises(
            ValueError, match=rf"^{cls.__name__}: {field.name} must {must}, got {re.escape(repr(wrong))}$"
        ):
            example(cls, **{field.name: wrong})


@pytest.mark.parametrize(("cls", "field"), number_fields())
def test_closed_ends_and_the_inside_are_allowed(cls, field):
    ends = zip(field.metadata["closed"], (field.metadata["low"], field.metadata["high"]), strict=True)
    allowed = [end for mark, end in ends if mark in "[]" and math.isfinite(end)]
    for value in (*allowed, inside(field)):
        assert getattr(example(cls, **{field.name: value}), field.name) == value


@pytest.mark.parametrize(("cls", "field"), number_fields())
def test_numbers_become_python_numbers(cls, field):
    value = getattr(example(cls, **{field.name: np.float32(inside(field))}), field.name)
    assert type(value) is (int if field.metadata["whole"] else float)


def test_a_whole_number_is_asked_for():
    with pytest.raises(ValueError, match=r"^Dense: n_out must be a whole number, got 2\.5$"):
        Dense(2.5)


def test_the_documented_sentence():
    with pytest.raises(ValueError, match=r"^Adam: beta1 must lie in \[0, 1\), got 1\.5$"):
        Adam(beta1=1.5)


def kind_fields():
    return [
        pytest.param(cls, f, id=f"{cls.__name__}-{f.name}")
        for cls in [p.values[0] for p in every_formula()]
        for f in fields(cls)
        if "kind" in f.metadata
    ]


@pytest.mark.parametrize(("cls", "field"), kind_fields())
def test_a_formula_of_the_kind_is_asked_for(cls, field):
    kind = field.metadata["kind"]
    for wrong in (3.0, object, *(() if field.metadata["optional"] else (None,))):
        with pytest.raises(
            ValueError, match=rf"^{cls.__name__}: {field.name} must be an? {kind.noun} or its name, got "
        ):
            example(cls, **{field.name: wrong})
    with pytest.raises(ValueError, match=f"^no {kind.noun} is named 'nonsense'"):
        example(cls, **{field.name: "nonsense"})


@pytest.mark.parametrize(("cls", "field"), kind_fields())
def test_a_name_stands_for_a_formula_of_the_kind(cls, field):
    kind, only = field.metadata["kind"], field.metadata["only"]
    for name, entry in kind.entries().items():
        if any(f.default is f.default_factory for f in fields(entry)):  # not only defaults
            continue
        if only is None or only(entry()):
            assert getattr(example(cls, **{field.name: name}), field.name) == entry()
        else:
            text = re.escape(repr(entry()))
            must = f"must be an? {kind.noun} {field.metadata['which']}, got {text}$"
            with pytest.raises(ValueError, match=f"^{cls.__name__}: {field.name} {must}"):
                example(cls, **{field.name: name})


def tuple_fields():
    return [
        pytest.param(cls, f, id=f"{cls.__name__}-{f.name}")
        for cls in [p.values[0] for p in every_formula()]
        for f in fields(cls)
        if "each" in f.metadata
    ]


def test_there_are_tuples_of_numbers():
    assert tuple_fields()


@pytest.mark.parametrize(("cls", "field"), tuple_fields())
def test_a_tuple_of_numbers_is_asked_for(cls, field):
    for wrong in (1.0, (), [], "1", None, {1.0}, np.float64(1), np.array(1.0)):
        with pytest.raises(ValueError, match=f"^{cls.__name__}: {field.name} must be a tuple of numbers, got "):
            example(cls, **{field.name: wrong})
    for wrong in (math.nan, "1", None, True, (1.0,)):
        with pytest.raises(ValueError, match=f"^{cls.__name__}: each of {field.name} must "):
            example(cls, **{field.name: (*inside(field), wrong)})


@pytest.mark.parametrize(("cls", "field"), tuple_fields())
def test_each_number_of_a_tuple_lies_in_the_range(cls, field):
    for wrong in wrong_ends(**field.metadata["each"]):
        with pytest.raises(
            ValueError, match=rf"^{cls.__name__}: each of {field.name} must lie in [\[(].*[\])], got {wrong!r}$"
        ):
            example(cls, **{field.name: (*inside(field), wrong)})


@pytest.mark.parametrize(("cls", "field"), tuple_fields())
def test_tuples_hold_python_numbers_and_count_as_values(cls, field):
    given = inside(field)
    others = {f.name: inside(f) for f in fields(cls) if "each" in f.metadata}  # as many as these
    for same in (given, list(given), np.array(given), tuple(map(np.float64, given))):
        f = example(cls, **{**others, field.name: same})
        assert getattr(f, field.name) == given
        assert {type(number) for number in getattr(f, field.name)} == {float}
        assert hash(f) == hash(example(cls, **others))
