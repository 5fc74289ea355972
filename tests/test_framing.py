"""Responses as bytes: their heads, which no header may break."""

import pytest

from donebase.serving.framing import chunked, response_head, until_closed, without_content

JSON = (b"content-type", b"application/json")


def test_a_head_is_its_status_line_and_its_headers() -> None:
    written, _, keep_alive = response_head("GET", "1.1", True, 200, [JSON, (b"content-length", b"2")])
    assert written == b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"
    assert keep_alive


def test_a_head_tells_that_the_connection_closes() -> None:
    own, _, keep_alive = response_head("GET", "1.1", True, 200, [(b"connection", b"Close"), (b"content-length", b"2")])
    assert own.count(b"onnection") == 1
    assert not keep_alive
    added, _, _ = response_head("GET", "1.1", False, 200, [(b"content-length", b"2")])
    assert added.endswith(b"\r\nconnection: close\r\n\r\n")


def test_a_body_of_unknown_length_is_sent_in_chunks_or_until_the_connection_closes() -> None:
    written, framing, _ = response_head("GET", "1.1", True, 200, [JSON])
    assert framing is chunked
    assert written.endswith(b"\r\ntransfer-encoding: chunked\r\n\r\n")
    assert response_head("GET", "1.0", False, 200, [JSON])[1] is until_closed
    assert response_head("HEAD", "1.1", True, 200, [JSON])[1] is without_content
    assert response_head("DELETE", "1.1", True, 204, [])[1] is without_content


@pytest.mark.parametrize("text", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"\n", b"\r"])
@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_header_with_a_line_end_is_refused(text: bytes, keep_alive: bool) -> None:
    for header in ((b"location", text), (text, b"a")):
        for others in ([], [JSON, (b"content-length", b"2")]):
            with pytest.raises(ValueError, match="line end"):
                response_head("GET", "1.1", keep_alive, 200, [*others, header])
