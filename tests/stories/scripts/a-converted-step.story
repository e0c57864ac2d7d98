# A service is written in a few lines. Then it needs something that the lines cannot say.
repository storefront
commit Deploy the storefront
settle
convert storefront web
commit Make the service a template
settle

# What runs was made before. Nothing changes by itself.
show plan

# The next release has the template. It deploys as no changes: the stacks are what they were.
refresh storefront 1.0.0
commit Let 1.0.0 have the template
settle
show plan
show status
show history

# From here on it is an ordinary template, and its tasks are still proved.
replace projects/storefront/templates/web.yaml | Cpu: "256" | Cpu: "512"
replace projects/storefront/templates/web.yaml | Memory: "512" | Memory: "1024"
release storefront 1.1.0
commit Release 1.1.0 with more memory
settle
show history

# A service that does not come up is a failure, whatever the stack says.
fault {"fault": "image-crashes", "image": "storefront:1.2.0", "exit_code": 1, "reason": "missing DATABASE_URL"}
release storefront 1.2.0
commit Release 1.2.0
settle
show plan
show history 5
