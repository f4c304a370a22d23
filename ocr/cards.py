"""An identity card's code and its print, held against each other."""

from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from ocr.fields import FieldValue
from ocr.idcard import IdCard, is_personal_number, number_doubts
from ocr.kinds import born_in
from ocr.labels import bare
from profiles import FieldRules

#: Share of letters in which print and code may differ: small print is misread in one letter of
#: ten or so, another person's name or number differs in most.
_MISREAD = 0.25


def with_code(
    values: Sequence[FieldValue], rules: Sequence[FieldRules], card: IdCard
) -> list[FieldValue]:
    """The fields as the card's code says them, which is never misread; the print confirms.

    A value that reads quite otherwise in print is given the fault ``contradicts-qr``: the
    card was altered, or the code belongs to another card.
    """
    return [_one(value, rule, card) for value, rule in zip(values, rules, strict=True)]


def _one(value: FieldValue, rule: FieldRules, card: IdCard) -> FieldValue:
    said, normal = _said(card, rule.qr)
    if not said:
        return value
    print_is_sound = value.value and not value.fault
    fault = "contradicts-qr" if print_is_sound and _unlike(value.normal, normal) else ""
    return replace(value, value=said, normal=normal, confidence=100.0, fault=fault, source="qr")


def _said(card: IdCard, what: str) -> tuple[str, str]:
    """What the code says, as cards print it, and its normal form."""
    if not what:
        return "", ""
    held = getattr(card, what)
    if not held:
        return "", ""
    if what in {"birth_date", "issued"}:
        return f"{held:%d/%m/%Y}", held.isoformat()
    return held, held


def _unlike(one: str, other: str) -> bool:
    a, b = bare(one), bare(other)
    return Levenshtein.distance(a, b) > _MISREAD * max(len(a), len(b))


def card_in_print(values: Sequence[FieldValue], rules: Sequence[FieldRules]) -> IdCard | None:
    """The card by its print alone, where its number fits the sex and the birth printed on it.

    A number has no check digit, but a misread sex, century or year of birth shows; the other
    digits do not, so somebody must compare them with the card.
    """
    sound = {
        rule.qr: value
        for value, rule in zip(values, rules, strict=True)
        if rule.qr and value.value and not value.fault
    }
    if not {"number", "full_name", "birth_date", "sex"} <= sound.keys():
        return None
    number, birth = sound["number"].normal, born_in(sound["birth_date"].normal)
    sex = sound["sex"].value
    if not is_personal_number(number) or any(number_doubts(number, sex, birth)):
        return None
    residence = sound["residence"].value if "residence" in sound else ""
    return IdCard(number, sound["full_name"].value, birth, sex, residence, from_print=True)
