import { processIo } from '../../src/cli/io.ts'

// Says which way words for people take to a terminal of the platform that is given.
const throughStream: string[] = []
process.stderr.write = (text) => throughStream.push(String(text)) > 0
processIo({}, process.argv[2]).err('Größe …\n')
process.stdout.write(`${throughStream.length} through the stream\n`)
