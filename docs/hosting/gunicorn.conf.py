"""Settings of gunicorn: `gunicorn -c docs/hosting/gunicorn.conf.py "summit_dash.server.app:build_server()"`."""

import os
import tempfile

bind = "127.0.0.1:8050"
workers = 2
threads = 8
worker_class = "gthread"
graceful_timeout = 30
control_socket_disable = True

# Memory of tables goes back to the system when they are read. The variable counts if it is set before pyarrow comes.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# All processes remember failed sign-ins and ended sessions in common.
os.environ.setdefault("SUMMIT_DASH_SHARED_FOLDER", tempfile.mkdtemp(prefix="summit-dash-"))


def child_exit(server, worker):
    """Takes the numbers of a process that has ended out of `metrics`, if several processes share them."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
