"""Programs that a test runs beside Latchkey."""

import subprocess


def run(*command, timeout=1200, **options):
    """The CompletedProcess; a program that fails is an error with its words."""
    done = subprocess.run(command, text=True, capture_output=True, timeout=timeout, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} exited {done.returncode}\n"
                             f"{done.stdout[-8000:]}{done.stderr[-8000:]}")
    return done


def make_certificate(certificate, key, name="latchkey.example"):
    """A self-signed one, into these files: for this name, localhost and 127.0.0.1."""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={name}",
        "-addext", f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1",
        "-keyout", key, "-out", certificate, timeout=60)
