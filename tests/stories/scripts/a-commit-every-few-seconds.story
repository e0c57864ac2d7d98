# Release 1.0.0 runs. Then somebody commits every few seconds: each release that progresses is finished, and the newest follows.
repository storefront
commit Deploy the storefront
settle
release storefront 1.1.0
commit Release storefront 1.1.0
wait 7s
release storefront 1.2.0
commit Release storefront 1.2.0
wait 7s
release storefront 1.3.0
commit Release storefront 1.3.0
wait 7s
release storefront 1.4.0
commit Release storefront 1.4.0
wait 7s
release storefront 1.5.0
commit Release storefront 1.5.0
wait 7s
release storefront 1.6.0
commit Release storefront 1.6.0
wait 7s
release storefront 1.7.0
commit Release storefront 1.7.0
wait 7s
release storefront 1.8.0
commit Release storefront 1.8.0
wait 7s
release storefront 1.9.0
commit Release storefront 1.9.0
wait 7s
release storefront 1.10.0
commit Release storefront 1.10.0
wait 7s
release storefront 1.11.0
commit Release storefront 1.11.0
wait 7s
release storefront 1.12.0
commit Release storefront 1.12.0
wait 7s
show history
settle
show history
show stacks

# Releases that fail follow one another. After two of them gave way, the third is given five minutes to fail by itself.
fault {"fault": "image-crashes", "image": "storefront:2.", "exit_code": 1}
release storefront 2.1.0
commit Release storefront 2.1.0
wait 35s
release storefront 2.2.0
commit Release storefront 2.2.0
wait 35s
release storefront 2.3.0
commit Release storefront 2.3.0
wait 35s
release storefront 2.4.0
commit Release storefront 2.4.0
wait 2s
show plan
settle
show history
