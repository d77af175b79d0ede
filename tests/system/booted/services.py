# SPDX-License-Identifier: LGPL-2.1-or-later
"""The services that many machines run, each of them at work, and held in the middle of it."""

import http.client
import os
import select
import subprocess

import users

LIMIT = 30
USER = "erin"
MARK = "CORPUS"  # which each service is given from outside; its value is the service's name
ADDED = "CORPUS_ADDED=since the start"

WEB_PORT = 8080
WEB_SERVER = f"""
server {{
    listen 127.0.0.1:{WEB_PORT};
    root /var/www/html;
    add_header Worker $pid always;

    location ~ [.]php$ {{
        include fastcgi.conf;
        fastcgi_pass SOCKET;
        fastcgi_buffering off;
    }}
}}
"""

# What it has to say it says before it waits, if it is given something to wait for.
SCRIPT = f"""<?php
putenv("{ADDED}");
putenv("HOME");
while (ob_get_level()) ob_end_flush();
echo getmypid(), "\\n";
flush();
if (isset($_GET["wait"]))
    fgets(fopen($_GET["wait"], "r"));
"""

# Makes a shell do what it is told.
JOB = 'echo $$ >{said}; while read -r command; do eval "$command"; done <{told}'


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def main_pid(unit):
    shown = subprocess.run(
        ["systemctl", "show", "--value", "--property=MainPID", unit], stdout=subprocess.PIPE, text=True, check=True)
    return int(shown.stdout)


def make_fifo(path, owner):
    """Returns a descriptor of it, with which it stays open for others."""
    os.mkfifo(path)
    os.chown(path, owner.uid, owner.gid)
    return os.open(path, os.O_RDWR)


def read_line(descriptor):
    assert select.select([descriptor], [], [], LIMIT)[0], "nothing is said"
    return os.read(descriptor, 4096).decode()


class Shell:
    """A shell that is told what to do, line by line, through a descriptor, and has a FIFO to say something."""

    def __init__(self, teller, fifo, said):
        self._teller, self._fifo, self._said = teller, fifo, said
        self.pid = int(self.ask("echo $$"))

    def tell(self, command):
        os.write(self._teller, command.encode() + b"\n")

    def ask(self, command):
        """Returns what a command says in a line, or the last of more than one."""
        self.tell(f"{command} >{self._fifo}")
        return read_line(self._said)

    def environment_of_a_program(self):
        """Returns what a program gets that the shell starts now. It is the program that tells."""
        path = f"/home/{USER}/environment"
        self.ask(f"env -0 >{path}; echo done")
        with open(path, "rb") as file:
            return file.read().split(b"\0")[:-1]


class Services:
    """All of them, from when this exists until end(). `processes`: the PID of each part, by a name for it."""

    def __init__(self, directory):
        self._directory = directory
        self.processes = {}
        self.shells = []
        (self._php,) = os.listdir("/etc/php")  # by version
        (self._postgres,) = os.listdir("/etc/postgresql")
        self._units = {
            "cron": "cron.service", "nginx": "nginx.service", "php-fpm": f"php{self._php}-fpm.service",
            "postgres": f"postgresql@{self._postgres}-main.service", "redis": "redis-server.service",
            "sshd": "ssh.service",
        }
        subprocess.run(["useradd", "--create-home", "--shell=/bin/bash", USER], check=True)
        self._user = users.User(USER)
        self._make_job()
        self._configure()
        self._start()
        self._put_to_work()

    def _path(self, name):
        return f"{self._directory}/{name}"

    def _configure(self):
        for name, unit in self._units.items():
            write(f"/run/systemd/system/{unit}.d/corpus.conf", f"[Service]\nEnvironment={MARK}={name}\n")

        # These pass on to their workers what they are told to, and PostgreSQL's cluster gets what its own file says.
        write(f"/etc/php/{self._php}/fpm/pool.d/zz-corpus.conf", f"[www]\nenv[{MARK}] = ${MARK}\n")
        write("/etc/nginx/modules-enabled/corpus.conf", f'env {MARK};\nenv "{ADDED}";\n')
        write(f"/etc/postgresql/{self._postgres}/main/environment", f"{MARK} = 'postgres'\n")

        socket = f"unix:/run/php/php{self._php}-fpm.sock"
        write("/etc/nginx/conf.d/corpus.conf", WEB_SERVER.replace("SOCKET", socket))
        write("/var/www/html/corpus.php", SCRIPT)

    def _start(self):
        # What is started by the clock comes and goes.
        subprocess.run(["systemctl", "stop", "*.timer"], check=True)

        # What cron does when the machine boots, it does again.
        if os.path.exists("/run/crond.reboot"):
            os.unlink("/run/crond.reboot")
        units = list(self._units.values())
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        subprocess.run(["systemctl", "restart", *units], check=True)
        subprocess.run(["systemctl", "is-active", "--quiet", *units], check=True)
        for name, unit in self._units.items():
            self.processes[name] = main_pid(unit)

    def _put_to_work(self):
        self._wait_for_job()
        self._log_in()
        self._open_database()
        self._request_pages()
        self._ask_redis()

    #
    # cron
    #

    def _make_job(self):
        self._job_said = make_fifo(self._path("job-said"), self._user)
        self._job_told = make_fifo(self._path("job-told"), self._user)
        job = JOB.format(said=self._path("job-said"), told=self._path("job-told"))
        write("/etc/cron.d/corpus", f"CORPUS_JOB=yes\n@reboot {USER} {job}\n")

    def _wait_for_job(self):
        read_line(self._job_said)
        job = Shell(self._job_told, self._path("job-said"), self._job_said)
        self.shells.append(job)
        job.ask(f"export '{ADDED}'; unset CORPUS_JOB; echo done")
        self.processes["a job's shell"] = job.pid
        self.processes["cron, a job's"] = parent(job.pid)
        assert parent(parent(job.pid)) == self.processes["cron"]

    #
    # sshd
    #

    def _log_in(self):
        key = self._path("key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        with open(f"{key}.pub") as file:
            write(f"/home/{USER}/.ssh/authorized_keys", file.read())

        said = make_fifo(self._path("login-said"), self._user)
        self._ssh = subprocess.Popen(
            ["ssh", "-F", "none", "-tt", "-i", key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "SetEnv=LC_CORPUS=session", f"{USER}@127.0.0.1"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        login = Shell(self._ssh.stdin.fileno(), self._path("login-said"), said)
        self.shells.append(login)
        login.ask(f"export '{ADDED}'; unset MAIL; echo done")
        self.processes["ssh"] = self._ssh.pid
        self.processes["a login shell"] = login.pid
        self.processes["sshd, its user's"] = parent(login.pid)
        self.processes["sshd, a session's"] = parent(parent(login.pid))
        assert parent(parent(parent(login.pid))) == self.processes["sshd"]

    #
    # The others
    #

    def _open_database(self):
        name, value = ADDED.split("=")
        self._psql = users.User("postgres").start(
            ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"],
            env=os.environ | {"CORPUS_LONG": "\udcff" * 10000},  # no UTF-8
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._psql.stdin.write(f"\\setenv {name} '{value}'\nSELECT pg_backend_pid();\n".encode())
        self.processes["psql"] = self._psql.pid
        self.processes["postgres, a session's"] = int(read_line(self._psql.stdout.fileno()))

    def _request_page(self, query=""):
        """Returns the answer as far as the script that makes the page has told its PID, and that."""
        connection = http.client.HTTPConnection("127.0.0.1", WEB_PORT, timeout=LIMIT)
        connection.request("GET", "/corpus.php" + query)
        response = connection.getresponse()
        assert response.status == 200
        return response, int(response.readline())

    def _request_pages(self):
        """The script of one page goes on. The other one, which another process has to make, is complete."""
        self._page_told = make_fifo(self._path("page-told"), users.User("www-data"))
        self._page, self.processes["php-fpm, in a script"] = self._request_page(f"?wait={self._path('page-told')}")

        page, self.processes["php-fpm, a worker"] = self._request_page()
        assert page.read() == b""
        self.processes["nginx, a worker"] = int(page.getheader("Worker"))

    def _ask_redis(self):
        set_and_get = ["redis-cli", "eval", "redis.call('set', 'corpus', '1'); return redis.call('get', 'corpus')", "0"]
        assert subprocess.run(set_and_get, stdout=subprocess.PIPE, text=True, check=True).stdout == "1\n"

    def end(self):
        for shell in self.shells:
            shell.tell("exit")
        self._ssh.wait(LIMIT)
        self._psql.communicate(timeout=LIMIT)
        os.write(self._page_told, b"go on\n")
        assert self._page.read() == b""
