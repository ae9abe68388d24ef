"""What the systems have in common: the order, and a script run in a job."""

import os
import pathlib
import shutil
import subprocess
import tempfile


class Order:
    def __init__(self, values):
        self.recipe = pathlib.Path(values["recipe"])
        self.repository = pathlib.Path(values["repository"])
        self.store = pathlib.Path(values["store"])
        self.begin, self.approve = values["begin"], values["approve"]
        self.variables, self.secrets = values["variables"], values["secrets"]
        self.kill, self.fail, self.failed = values.get("kill"), values.get("fail"), False
        self.results = []

    def number(self):
        """A number that this store has not handed out before."""
        counter = self.store / "counter"
        number = int(counter.read_text()) + 1 if counter.exists() else 1
        counter.write_text(str(number))
        return number

    def attempt(self, job):
        """Runs a job; the one that is to fail once more, as somebody would by hand. What the last run of it returned."""
        outcome = job(1)
        if self.failed:
            self.fail, self.failed = None, False
            outcome = job(2)
        return outcome

    def asked(self, job):
        """The gate: somebody is asked, and opens it or does not."""
        status = "opened" if self.approve else "closed"
        self.results.append({"job": job, "status": status, "code": 0, "secrets": [], "log": ""})
        return self.approve


class Job:
    """A job on a fresh machine. `secrets` are those that it was given; `killed`, once it is dead before it could save."""

    def __init__(self, order, name, checkout=True):
        self.order, self.name = order, name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recipe-"))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="recipe-home-"))
        if checkout:
            shutil.copytree(order.repository, self.folder, dirs_exist_ok=True)
        self.variables, self.given, self.log, self.code = {}, {}, "", 0
        self.killed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.home)

    def script(self, text, secrets, shell=("bash", "-eo", "pipefail", "-c"), variables=None):
        self.given |= secrets
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), **self.order.variables, **self.variables,
            **(variables or {}), **secrets,
        }
        ran = subprocess.run([*shell, text], cwd=self.folder, env=environment, capture_output=True, text=True)
        self.log += ran.stdout + ran.stderr
        self.killed = self.order.kill == self.name
        self.order.failed = self.order.fail == self.name
        self.code = 137 if self.killed else 1 if self.order.failed else ran.returncode
        return ran.stdout

    def end(self, status=None):
        status = status or ("success" if self.code == 0 else "failed")
        self.order.results.append({
            "job": self.name, "status": status, "code": self.code, "secrets": sorted(self.given), "log": self.log,
        })
        return status != "failed"


def keep(source, target):
    """Copies a folder's files, or a file, to where a system keeps them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy(source, target)
