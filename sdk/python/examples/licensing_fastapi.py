"""An API that takes tokens of Latchkey. uvicorn licensing_fastapi:app"""

import os

from fastapi import FastAPI, Security

from latchkey import Verification, Verifier
from latchkey.fastapi import Guard

app = FastAPI(title="Licensing")
guard = Guard(Verifier(os.environ["LATCHKEY_SERVER"], "licensing-api",
                       token=os.environ.get("LATCHKEY_VERIFIER_TOKEN"),
                       max_staleness=float(os.environ.get("MAX_STALENESS", "30"))))
guard.install(app)


@app.get("/licenses")
async def licenses(caller: Verification = Security(guard, scopes=["license:read"])) -> dict:
    return {"owner": caller.owner, "token": caller.token_id, "project": caller.project}


@app.delete("/licenses/{number}")
async def delete(number: int,
                 caller: Verification = Security(guard, scopes=["license:write"])) -> dict:
    return {"deleted": number, "by": caller.token_id}


@app.post("/functions/{name}")
async def function(name: str, data: dict,
                   caller: Verification = Security(guard, scopes=["license:read"])) -> dict:
    return {"function": name, "data": data, "by": caller.token_id}
