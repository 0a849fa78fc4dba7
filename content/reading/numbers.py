"""Numbers as an announcer says them: whole numbers, single digits, decimals, ordinals and months."""

from dataclasses import dataclass

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
AFTER_TENS = {1: "mốt", 4: "tư", 5: "lăm"}
BILLION = 1_000_000_000
LONGEST = 18  # digits; anything longer is a code, not a quantity


@dataclass(frozen=True, slots=True)
class Numbers:
    """The number words of one region: the north says nghìn and linh, the south ngàn and lẻ."""

    thousand: str = "nghìn"
    odd: str = "linh"

    def cardinal(self, number: int) -> str:
        """Say a whole number: 2017 is "hai nghìn không trăm mười bảy"."""
        return " ".join(self._large(number, False)) if number else DIGITS[0]

    def ordinal(self, number: int) -> str:
        """Say the word after "thứ": 1 is "nhất", 4 is "tư"."""
        return {1: "nhất", 4: "tư"}.get(number) or self.cardinal(number)

    def month(self, number: int) -> str:
        """Say the word after "tháng": April is "tư"."""
        return "tư" if number == 4 else self.cardinal(number)

    def decimal(self, whole: str, fraction: str) -> str:
        """Say a decimal, the digits after the comma one by one: 93,58 is "chín mươi ba phẩy năm tám"."""
        return f"{self.figure(whole)} phẩy {one_by_one(fraction)}"

    def figure(self, written: str) -> str:
        """Say digits as a quantity ("05" is "năm"), or one by one where they are too long to be one."""
        return self.cardinal(int(written)) if len(written) <= LONGEST else one_by_one(written)

    def label(self, written: str) -> str:
        """Say digits as a name that keeps its leading zero: "01" is "không một", "105" stays a number."""
        return one_by_one(written) if written.startswith("0") else self.figure(written)

    def _large(self, number: int, inner: bool) -> list[str]:
        """Words of a number that may hold billions; inner says that larger words came before."""
        high, low = divmod(number, BILLION)
        words = [*self._large(high, inner), "tỷ"] if high else []
        for scale, name in ((1_000_000, "triệu"), (1_000, self.thousand), (1, "")):
            group, low = divmod(low, scale)
            if group:
                words += self._group(group, inner or bool(words))
                words += [name] if name else []
        return words

    def _group(self, group: int, inner: bool) -> list[str]:
        """Words of one group of three digits; an inner group says its empty hundred."""
        hundreds, rest = divmod(group, 100)
        tens, ones = divmod(rest, 10)
        words = [DIGITS[hundreds], "trăm"] if hundreds or inner else []
        if tens > 1:
            words += [DIGITS[tens], "mươi"]
        elif tens == 1:
            words.append("mười")
        elif ones and words:
            words.append(self.odd)
        if ones:
            words.append(AFTER_TENS.get(ones, DIGITS[ones]) if tens > 1 else _after_ten(ones, tens))
        return words


def _after_ten(ones: int, tens: int) -> str:
    return "lăm" if tens == 1 and ones == 5 else DIGITS[ones]


def one_by_one(written: str) -> str:
    """Say each digit on its own: "1022" is "một không hai hai"."""
    return " ".join(DIGITS[int(digit)] for digit in written)


def in_groups(written: str, *sizes: int) -> str:
    """Say digits one by one with a pause after each group, groups of the given sizes, the last size going on."""
    groups: list[str] = []
    at = 0
    while at < len(written):
        size = sizes[min(len(groups), len(sizes) - 1)]
        groups.append(one_by_one(written[at : at + size]))
        at += size
    return ", ".join(groups)


NORTH = Numbers()
SOUTH = Numbers("ngàn", "lẻ")
VARIANTS = {"north": NORTH, "south": SOUTH}
