"""A PostgreSQL server of one's own, set up as doc/operations.md says, that logs all it may."""
import os
import pathlib
import subprocess
import tempfile

CONF = """
listen_addresses = ''
unix_socket_permissions = 0700
fsync = off
log_statement = 'all'
log_min_duration_statement = 0
log_transaction_sample_rate = 1
compute_query_id = regress
max_worker_processes = 20
"""


class Server:
    """Runs while the with block does; env is what libpq wants to know."""

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="pages")
        self.path = pathlib.Path(self.place.name)
        self.env = {"PGHOST": str(self.path), "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": "postgres"}
        data = str(self.path / "data")
        subprocess.run(["initdb", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C.UTF-8", "-D", data],
                       check=True, stdout=subprocess.DEVNULL)
        library = pathlib.Path(subprocess.run(["pg_config", "--pkglibdir"], check=True, capture_output=True,
                                              text=True).stdout.strip())
        self.has_cron = (library / "pg_cron.so").exists()
        preload = [name for name in ("pg_stat_statements", "pg_cron") if (library / f"{name}.so").exists()]
        conf = CONF + f"shared_preload_libraries = '{', '.join(preload)}'\nunix_socket_directories = '{self.path}'\n"
        if self.has_cron:
            conf += f"cron.database_name = 'crm'\ncron.host = '{self.path}'\n"
        with open(self.path / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(conf)
        self.log = self.path / "server.log"
        subprocess.run(["pg_ctl", "-w", "-s", "-D", data, "-l", str(self.log), "start"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["pg_ctl", "-w", "-s", "-m", "immediate", "-D", str(self.path / "data"), "stop"], check=True)
        self.place.cleanup()

    def sql(self, text, database="postgres"):
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input=text, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=os.environ | self.env | {"PGDATABASE": database})
        if done.returncode:
            raise RuntimeError(done.stdout)
        return done.stdout

    def empty(self):
        """No database but an empty crm, no role but the superuser."""
        names = self.sql("SELECT quote_ident(datname) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
        self.sql("".join(f"DROP DATABASE {name} WITH (FORCE);" for name in names.split()))
        roles = self.sql("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'")
        self.sql("".join(f"DROP ROLE {name};" for name in roles.split()))
        self.sql("CREATE DATABASE crm")
