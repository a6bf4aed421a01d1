// The packages that the command line is made of, loaded as anybody would.
import 'commander'
import '@clack/prompts'
import 'kleur'
import 'smol-toml'
import 'env-paths'
import 'ci-info'
