// Loads the CLI's packages with plain imports.
import 'commander'
import '@clack/prompts'
import 'kleur'
import 'smol-toml'
import 'env-paths'
import 'ci-info'
