/**
 * What Windows PowerShell 5.1 on .NET Framework 4.5 has, of all that install.ps1 and the completion may
 * use. Who needs more looks it up in Microsoft's reference for 5.1 first.
 */
export const cmdlets: Readonly<Record<string, readonly string[]>> = {
  'Add-Type': ['AssemblyName'],
  'ForEach-Object': [],
  'Get-Command': [],
  'Get-FileHash': ['LiteralPath', 'Algorithm'],
  'Get-Location': ['PSProvider'],
  'Invoke-WebRequest': ['Uri', 'Method', 'OutFile', 'UseBasicParsing', '@limits'],
  'New-Object': [],
  'Register-ArgumentCompleter': ['Native', 'CommandName', 'ScriptBlock'],
  'Select-Object': ['First', 'Skip'],
  'Set-StrictMode': ['Version'],
  'Start-Sleep': ['Milliseconds'],
  'Where-Object': [],
  'Write-Host': [],
  'Write-Verbose': [],
  'Write-Warning': [],
}

/** Static members, with the number of their arguments where they are called. */
export const members: ReadonlySet<string> = new Set([
  'Console::Error',
  'DateTime::UtcNow',
  'Diagnostics.Process::Start/1',
  'Diagnostics.ProcessStartInfo::new/0',
  'Globalization.CultureInfo::InvariantCulture',
  'Environment::GetEnvironmentVariable/1',
  'Environment::GetFolderPath/1',
  'IO.Compression.ZipFile::OpenRead/1',
  'IO.Compression.ZipFileExtensions::ExtractToFile/2',
  'IO.Directory::CreateDirectory/1',
  'IO.Directory::Delete/2',
  'IO.Directory::Exists/1',
  'IO.Directory::GetFiles/2',
  'IO.File::Delete/1',
  'IO.File::Exists/1',
  'IO.File::GetAttributes/1',
  'IO.File::GetLastWriteTimeUtc/1',
  'IO.File::Move/2',
  'IO.File::Open/4',
  'IO.File::ReadAllText/1',
  'IO.File::Replace/3',
  'IO.File::WriteAllText/2',
  'IO.FileAccess::Read',
  'IO.FileAccess::ReadWrite',
  'IO.FileAttributes::ReparsePoint',
  'IO.FileInfo::new/1',
  'IO.FileMode::Open',
  'IO.FileMode::OpenOrCreate',
  'IO.Path::Combine/2',
  'IO.Path::Combine/3',
  'IO.Path::GetDirectoryName/1',
  'IO.Path::GetTempPath/0',
  'IO.Path::IsPathRooted/1',
  'IO.SeekOrigin::End',
  'Net.SecurityProtocolType::Tls12',
  'Net.ServicePointManager::SecurityProtocol',
  'NullString::Value',
  'System.Management.Automation.CompletionResult::new/4',
  'Text.Encoding::ASCII',
  'guid::NewGuid/0',
  'regex::Escape/1',
  'regex::Match/2',
])

export const types: ReadonlySet<string> = new Set([
  ...[...members].map((member) => member.split('::')[0] ?? ''),
  'bool',
  'int',
  'string',
  'string[]',
  'switch',
  'void',
  'IO.DirectoryNotFoundException',
  'IO.FileNotFoundException',
  'IO.FileShare',
  'Management.Automation.ExternalScriptInfo',
])

/** Tokens and nodes of the syntax that came after 5.1. */
export const laterSyntax: readonly string[] = [
  'TernaryExpressionAst',
  'PipelineChainAst',
  'AndAnd',
  'OrOr',
  'QuestionMark',
  'QuestionQuestion',
  'QuestionQuestionEquals',
  'QuestionDot',
  'QuestionLBracket',
  'Clean',
]

/** Escapes (`e and `u{…}) and suffixes of numbers (such as 1u and 1n) that came after 5.1. */
export const laterText = /`e|`u\{|^[\d.]+(u|y|uy|s|us|ul|n)$|^0b/i
