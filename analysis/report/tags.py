"""What WeasyPrint leaves undone in a tagged PDF: scopes, the tree of ids, boxes, names of links.

Without these a screen reader cannot say which heading a cell belongs to, or where a link goes.
"""

import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

ATTEMPTS: Final = 12  # each fails for about one file in twelve
PADDING: Final = "/AAKernepuls"  # the first key of the catalogue, so that all that follows moves
CARRIAGE_RETURN: Final = 0x0D
AMBIGUOUS: Final = b"\r\nendstream"
POINTS_PER_PIXEL: Final = 0.75  # 72 points and 96 CSS pixels to the inch


def repaired(made: bytes, *, link_texts: Mapping[str, str]) -> bytes:
    """The same pages with a complete structure; `link_texts` names the target of each id."""
    import pikepdf  # noqa: PLC0415 - with WeasyPrint, only where a PDF is made

    with pikepdf.open(BytesIO(made)) as file:
        heads = []
        for element in file.objects:
            if isinstance(element, pikepdf.Dictionary):
                match element.get("/S"):
                    case "/TH":
                        _tell_scope(element)
                        heads.append((element.ID, element))
                    case "/Figure":
                        _turn_box(element)
        if heads:
            names = [part for key, one in sorted(heads, key=_key) for part in (key, one)]
            tree = pikepdf.Dictionary(Names=pikepdf.Array(names))
            file.Root.StructTreeRoot.IDTree = file.make_indirect(tree)
        for page in file.pages:
            _name_links(page, link_texts)
        return _saved(file)


def _saved(file: Any) -> bytes:  # noqa: ANN401
    """The bytes of the file, packed so that no stream ends in a carriage return.

    Before the line feed of `endstream` one would be read as a part of the line end, and the length
    of the stream as wrong (ISO 19005-3, 6.1.7). The last byte is a checksum of what is packed, so
    streams get an empty line more, and the streams that hold the structure are moved by
    objects that nobody reads.
    """
    from pikepdf import Array, Stream, String  # noqa: PLC0415

    for one in file.objects:
        if isinstance(one, Stream) and _ends_as_a_line(one):
            _lengthened(one)
    made, attempt = _packed(file), 0
    while AMBIGUOUS in made and attempt < ATTEMPTS:
        attempt += 1
        unread = [file.make_indirect(String(" " * size)) for size in range(attempt)]
        file.Root[PADDING] = Array(unread)
        made = _packed(file)
    return made


def _packed(file: Any) -> bytes:  # noqa: ANN401
    from pikepdf import ObjectStreamMode  # noqa: PLC0415

    out = BytesIO()
    file.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate)
    return out.getvalue()


def _ends_as_a_line(stream: Any) -> bool:  # noqa: ANN401
    """Whether a packed stream ends in a carriage return, or will when it is packed."""
    raw = stream.read_raw_bytes()
    if "/Filter" in stream:
        return bool(raw.endswith(b"\r"))
    return zlib.adler32(raw) & 0xFF == CARRIAGE_RETURN


def _lengthened(stream: Any) -> None:  # noqa: ANN401
    """Another last byte for a stream of ours: page content, a font, a table of letters, a file.

    None of them reads what follows its end.
    """
    content = stream.read_bytes()
    while zlib.adler32(content) & 0xFF == CARRIAGE_RETURN:
        content += b"\n"
    stream.write(content)
    if "/Length1" in stream:  # a font
        stream.Length1 = len(content)
    if "/Params" in stream:  # an attached file: its size and checksum
        stream.Params.Size = len(content)
        del stream.Params.CheckSum


def _key(pair: tuple[Any, Any]) -> bytes:
    return bytes(pair[0])


def _tell_scope(head: Any) -> None:  # noqa: ANN401
    """A heading cell is of its column in the head of a table, and of its row below."""
    from pikepdf import Name  # noqa: PLC0415

    is_above = head.P.P.S == "/THead"
    head.A.Scope = Name.Column if is_above else Name.Row


def _turn_box(figure: Any) -> None:  # noqa: ANN401
    """The box of a figure in points from below; WeasyPrint gives pixels from above."""
    from pikepdf import Array  # noqa: PLC0415

    left, top, right, bottom = (float(end) * POINTS_PER_PIXEL for end in figure.A.BBox)
    height = float(figure.Pg.MediaBox[3])
    figure.A.BBox = Array([round(end, 2) for end in (left, height - bottom, right, height - top)])


def _name_links(page: Any, link_texts: Mapping[str, str]) -> None:  # noqa: ANN401
    from pikepdf import String  # noqa: PLC0415

    for annotation in page.get("/Annots", ()):
        target = str(annotation.get("/Dest", ""))
        if target in link_texts:
            annotation.Contents = String(link_texts[target])
