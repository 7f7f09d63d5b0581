"""Pages of Azure's listings as its documentation shows them, which Azurite does not make."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.object_storage.azure_listing import Page, read_page

# Characters that XML 1.0 can hold and parsers leave alone.
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)


def blob(name: str, *, extra: str = "", attributes: str = "") -> str:
    return (
        f"<Blob><Name{attributes}>{name}</Name><Properties><Creation-Time>Mon, 05 Jan 2026 01:02:03 GMT</Creation-Time>"
        "<Last-Modified>Tue, 06 Jan 2026 01:02:03 GMT</Last-Modified><Etag>0x8DE1</Etag>"
        f"{extra}<Content-Length>12</Content-Length><Content-Type>image/jpeg</Content-Type><Content-MD5 /></Properties>"
        "<OrMetadata /></Blob>"
    )


def answer(*blobs: str, next_marker: str = "<NextMarker />") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://a.blob.core.windows.net/" '
        f'ContainerName="photos"><MaxResults>5000</MaxResults><Blobs>{"".join(blobs)}</Blobs>{next_marker}'
        "</EnumerationResults>"
    )


@given(st.lists(NAMES, max_size=5), NAMES)
def test_names_are_read_as_a_parser_reads_them(names, marker):
    blobs = [blob(escape(name)) for name in names]
    end = f"<NextMarker>{escape(marker)}</NextMarker>"
    page = read_page(answer(*blobs, next_marker=end))
    # A character reference makes a page one for the parser.
    parsed = read_page(answer(*blobs, blob("&#97;"), next_marker=end))
    assert page.names == names
    assert parsed.names == [*names, "a"]
    assert page.next_marker == parsed.next_marker == marker
    assert page.sizes == ["12"] * len(names)


def test_entities_are_characters():
    page = read_page(answer(blob("a&amp;amp;&lt;&gt;&quot;&apos;b")))
    assert page.names == ["a&amp;<>\"'b"]


def test_a_name_that_xml_cannot_hold_is_decoded_and_others_are_not():
    page = read_page(answer(blob("a%EF%BF%BFb", attributes=' Encoded="true"'), blob("100%25")))
    assert page.names == ["a\uffffb", "100%25"]
    assert (page.sizes, page.next_marker) == (["12", "12"], "")


@pytest.mark.parametrize("name", ["a", "&#97;"])
def test_directories_of_a_hierarchical_namespace_are_no_objects(name):
    folder = blob("folder", extra="<ResourceType>directory</ResourceType>")
    page = read_page(answer(folder, blob(name, extra="<ResourceType>file</ResourceType>")))
    assert page == Page(["a"], ["12"], ["Tue, 06 Jan 2026 01:02:03 GMT"], ["0x8DE1"], [], "", is_hierarchical=True)


def test_versions_and_unknown_elements_do_no_harm():
    text = answer(blob("x")).replace("</Name>", "</Name><VersionId>2026-01-06T01:02:03Z</VersionId><New>1</New>")
    assert read_page(text).names == ["x"]


def test_prefixes_are_told_from_blobs():
    prefix = "<BlobPrefix><Name>a &amp; b/</Name></BlobPrefix>"
    page = read_page(answer(prefix, blob("x")))
    assert (page.prefixes, page.names) == (["a & b/"], ["x"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>log in</html>",
        answer(blob("x"))[:-40],
        answer(blob("x"))[:-1],
        "<EnumerationResults></EnumerationResult>",
    ],
)
def test_what_is_no_whole_page_is_refused(text):
    with pytest.raises(ValueError, match="List Blobs"):
        read_page(text)
