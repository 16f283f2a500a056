"""Strategies of odd files: any bytes, and valid files with small damage."""

from hypothesis import strategies as st

TOKENS = [
    *(
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b'"',
        b'""',
        b"\r",
        b"\n",
        b"\r\n",
        b"\x85",
        b"\x0b",
        b"\x0c",
    ),
    *(b"\x1f", b"\x1a", b"\xe2\x80\xa8", b"\xe2\x80\x8b", b"\xc2\xa0", b"\xed\xa0\x80", b"\\"),
    *(b",", b";", b";;", b"|", b"::", b"\t", b" ", b"'", b"=1+1", b"@x", b"(1999)", b"["),
    *(b"0x10", b"1_000", b"nan", b"inf", b"-inf", b"now", b"today", b"1e39", b"1e-50", b"1e-400"),
    *(b"-0", b"007", b"12.0", b"7.6E+16", b"9" * 25, b"1" * 400, b"2011-03-13", b"13/03/2011"),
    *("\u0663".encode(), "\uff13".encode(), "\u0969".encode(), "\u2163".encode(), b"True", b"NULL"),
]


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with one to four changes."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(changed)))
        length = draw(st.integers(0, 12))
        match draw(st.sampled_from(["token", "bytes", "delete", "flip", "repeat", "cut"])):
            case "token":
                changed[place:place] = draw(st.sampled_from(TOKENS))
            case "bytes":
                changed[place : place + length] = draw(st.binary(max_size=12))
            case "delete":
                del changed[place : place + length]
            case "flip" if place < len(changed):
                changed[place] ^= 1 << draw(st.integers(0, 7))
            case "repeat":
                changed[place:place] = changed[place : place + length] * draw(st.integers(1, 20))
            case "cut" if draw(st.booleans()):
                del changed[place:]
    return bytes(changed)


def any_file(*valid: bytes) -> st.SearchStrategy[bytes]:
    """Damaged copies of valid files, in their encoding or another, and any bytes."""
    texts = st.sampled_from(valid).flatmap(damaged)
    return st.one_of(texts, texts, texts, st.binary(max_size=200))
