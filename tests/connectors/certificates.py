"""Authorities and certificates for tests that encrypt, made anew in each run; nothing of them leaves the test."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pysqlbridge.certificate import Certificate

DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority, with its own certificate as a PEM file, which is what a CA file is."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self._key = _new_key()
        self._name = _name(name)
        own = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._certificate = own.sign(self._key, hashes.SHA256())
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *names: str, days: Sequence[int] = (-1, 30)) -> Certificate:
        """A server's certificate for these names and addresses, valid from and until so many days from now."""
        key = _new_key()
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        builder = self._builder(_name(names[0]), key.public_key(), days).add_extension(alternatives, critical=False)
        return Certificate(
            cert_pem=builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
            key_pem=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )

    def _builder(
        self, subject: x509.Name, key: rsa.RSAPublicKey, days: Sequence[int] = (-1, 30)
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY)
            .not_valid_after(now + days[1] * DAY)
        )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
