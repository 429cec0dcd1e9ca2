"""An API that takes tokens of Latchkey. flask --app licensing_flask run"""

import os

from flask import Flask, g

from latchkey import Verifier
from latchkey.flask import Guard

app = Flask("licensing")
guard = Guard(Verifier(os.environ["LATCHKEY_SERVER"], "licensing-api",
                       token=os.environ.get("LATCHKEY_VERIFIER_TOKEN"),
                       max_staleness=float(os.environ.get("MAX_STALENESS", "30"))))


@app.get("/licenses")
@guard("license:read")
def licenses():
    return {"owner": g.latchkey.owner, "token": g.latchkey.token_id}


@app.delete("/licenses/<int:number>")
@guard("license:write")
def delete(number):
    return {"deleted": number, "by": g.latchkey.token_id}


@app.get("/status")
@guard(when_unknown="pass")  # this route is open to whom nobody says no
def status():
    return {"verdict": g.latchkey.verdict}
