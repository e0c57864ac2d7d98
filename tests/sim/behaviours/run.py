"""What AWS documents, one behaviour at a time, each in an account of its own. Speaks only AWS's protocols, but for faults and hands.

Prints each behaviour and, at the end, how many there are. `wire.rs` compares that with what landfall's documents promise.
"""

import itertools
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir))

from account import Account  # noqa: E402
import change_sets  # noqa: E402
import containers  # noqa: E402
import hooks  # noqa: E402
import importing  # noqa: E402
import operations  # noqa: E402
import over_time  # noqa: E402
import stacks  # noqa: E402
import templates  # noqa: E402
import validation  # noqa: E402

NUMBERS = itertools.count(300000000000)
# boto3 builds clients from a session that threads share, one at a time.
BUILDING = threading.Lock()
GROUPS = {"stacks": stacks, "change sets": change_sets, "templates": templates, "operations": operations,
          "ECS": containers, "ECS over time": over_time, "hooks": hooks, "imports": importing, "validation": validation}


def documented(group):
    """The behaviours of a group: each function with the page that documents it."""
    return [(name, check) for name, check in vars(group).items() if callable(check) and hasattr(check, "source")]


def outcome(check):
    with BUILDING:
        account = Account(str(next(NUMBERS)))
    try:
        check(account)
        return None
    except Exception:
        return traceback.format_exc()


wanted = sys.argv[2:]
all_checks = [(group, name, check) for group, module in GROUPS.items() for name, check in documented(module)
              if not wanted or name in wanted]
with ThreadPoolExecutor(8) as pool:
    outcomes = list(pool.map(outcome, [check for _, _, check in all_checks]))
for (group, name, check), failed in zip(all_checks, outcomes):
    print(f"{'not ' if failed else ''}ok {group}: {name.replace('_', ' ')} [{check.source}]")
    if failed:
        print(failed, file=sys.stderr)
passed = outcomes.count(None)
print(f"{passed} of {len(outcomes)} behaviours")
sys.exit(passed != len(outcomes))
