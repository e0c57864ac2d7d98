# Release 1.0.0 runs. The tasks of 1.1.0 never start, and an operation may take an hour.
repository storefront
commit Deploy the storefront
settle
fault {"fault": "image-hangs", "image": "storefront:1.1.0"}
release storefront 1.1.0
commit Release storefront 1.1.0
wait 2m

# A shorter deadline counts for what is in flight.
replace projects/storefront/project.toml | attempts = 2 | attempts = 1\ndeadline = "3m"
commit Wait three minutes at most
settle
show history
