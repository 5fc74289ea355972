"""The most common passwords are refused, and only they."""

import asyncio
import sys

import pytest

from donebase.accounts.frequent_passwords import NUMBER, most_common, refuse_common
from donebase.core.errors import InvalidInput


def is_refused(password: str) -> bool:
    try:
        asyncio.run(refuse_common("new", password))
    except InvalidInput:
        return True
    return False


def test_the_list_has_ten_thousand_passwords_of_which_the_most_common_are_the_first() -> None:
    common = most_common()
    assert len(common) == NUMBER == 10_000
    assert {"123456", "password", "12345678", "qwerty"} <= set(common)


def test_each_is_in_the_case_in_which_it_is_looked_for() -> None:
    assert all(password == password.casefold() for password in most_common())


@pytest.mark.parametrize("password", ["password", "12345678", "iloveyou", "PassWord", "QWERTYUIOP"])
def test_a_common_password_is_refused_in_whatever_case(password: str) -> None:
    assert is_refused(password)


def test_the_fault_names_the_field_and_not_the_password() -> None:
    with pytest.raises(InvalidInput) as refused:
        asyncio.run(refuse_common("new", "iloveyou"))
    [fault] = refused.value.faults
    assert (fault.field, fault.code) == ("new", "common_password")
    assert "iloveyou" not in str(refused.value) + str(fault)


@pytest.mark.parametrize("password", ["password of mine", "123456780912", " password", "correct horse battery staple"])
def test_any_other_is_not(password: str) -> None:
    assert not is_refused(password)


def test_what_the_package_makes_of_the_lists_is_not_kept_in_memory() -> None:
    assert is_refused("password")
    assert not [name for name in sys.modules if name.startswith("zxcvbn")]
