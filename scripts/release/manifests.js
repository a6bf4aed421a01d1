// Writes the Homebrew formula and the Scoop manifest of a release beside its archives.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const target = 'dist/standalone'
const { name, version, homepage, license, description } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
const repository = 'https://github.com/runmat-org/runmat-telemetry'
const page = homepage.replace(/#.*/, '')
const sums = Object.fromEntries(
  readFileSync(path.join(target, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('  ').toReversed()),
)

/** The address and the hash of an archive. */
function archive(platform, kind = 'tar.gz') {
  const file = `${name}-${version}-${platform}.${kind}`
  if (sums[file] === undefined) throw new Error(`${file} was not made`)
  return { url: `${repository}/releases/download/v${version}/${file}`, hash: sums[file] }
}

function formula() {
  const on = (system, platforms) => `  on_${system} do
${platforms
  .map(([processor, platform]) => {
    const { url, hash } = archive(platform)
    return `    on_${processor} do\n      url "${url}"\n      sha256 "${hash}"\n    end`
  })
  .join('\n')}
  end`
  return `class RunmatTelemetry < Formula
  desc "${description.replace(/[.;].*/, '')}"
  homepage "${page}"
  version "${version}"
  license "${license}"

${on('macos', [
  ['arm', 'macos-aarch64'],
  ['intel', 'macos-x86_64'],
])}

${on('linux', [
  ['arm', 'linux-aarch64'],
  ['intel', 'linux-x86_64'],
])}

  def install
    bin.install "${name}"
    man1.install "man/man1/${name}.1"
    bash_completion.install "completions/bash/${name}"
    zsh_completion.install "completions/zsh/_${name}"
    fish_completion.install "completions/fish/${name}.fish"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/${name} --version").strip
  end
end
`
}

function scoop() {
  const { url, hash } = archive('windows-x86_64', 'zip')
  const manifest = {
    version,
    description,
    homepage: page,
    license,
    architecture: {
      '64bit': { url, hash, extract_dir: `${name}-${version}-windows-x86_64` },
    },
    bin: `${name}.exe`,
    checkver: { github: repository },
  }
  return `${JSON.stringify(manifest, undefined, 4)}\n`
}

writeFileSync(path.join(target, `${name}.rb`), formula())
writeFileSync(path.join(target, `${name}.json`), scoop())
