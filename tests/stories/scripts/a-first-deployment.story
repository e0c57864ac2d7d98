# A repository lands for the first time. Its only release goes to development and to test by itself.
repository storefront
commit Deploy the storefront
turn
show plan
settle
show plan
show stacks

# What it took, as the journal tells it, and every change that the account accepted.
show history
show history 1
show ledger
