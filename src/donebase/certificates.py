"""The files of certificates and keys that the URL of a database names."""

from collections.abc import Mapping

from donebase.database_url import UrlError


def check_files(parameters: Mapping[str, str]) -> None:
    """Raise UrlError if a file that the parameters `ssl…` name is not readable, or is not a fitting PEM file."""
    certificates = {name: parameters[name] for name in ("sslrootcert", "sslcrl") if name in parameters}
    pair = {name: parameters[name] for name in ("sslcert", "sslkey") if name in parameters}
    if not certificates and not pair:
        return
    import ssl  # takes a while to import

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name, path in (certificates | pair).items():
        try:
            with open(path, "rb"):  # noqa: PTH123
                pass
            if name in certificates:
                context.load_verify_locations(path)
            elif name == "sslkey" and "sslcert" in pair:
                context.load_cert_chain(pair["sslcert"], path, lambda: parameters.get("sslpassword", ""))
        except OSError as failure:
            reason = "no certificate or key that fits" if isinstance(failure, ssl.SSLError) else failure.strerror
            raise UrlError(f"must have {name} as a file in PEM format that can be read ({reason})") from None
