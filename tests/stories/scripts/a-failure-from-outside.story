# The registry has lost an image: every attempt fails, and then landfall holds.
repository storefront
fault {"fault": "image-missing", "image": "storefront:1.0.0"}
commit Deploy the storefront
settle
show plan

# Somebody pushes the image again, but landfall cannot know that.
mend
wait 1h
show status

# The lines that the plan prints, with a reason, are the key. They let it try once more.
allow storefront development | the image is in the registry again
commit Let storefront try again in development
settle
show status
show history
