# Runs install.ps1 again and again, because PowerShell takes half a second to start. A line of JSON
# on stdin is one run ({script, cwd, env, args}), and a line on stdout is its end ({code, out, err}).
$ErrorActionPreference = 'Stop'
$real = [Console]::Out
$real.WriteLine('ready')
$real.Flush()

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $job = $line | ConvertFrom-Json -AsHashtable
    foreach ($name in @([Environment]::GetEnvironmentVariables().Keys)) {
        if (-not $job.env.ContainsKey($name)) { [Environment]::SetEnvironmentVariable($name, $null) }
    }
    foreach ($one in $job.env.GetEnumerator()) {
        # Not Set-Item, to which an empty value means that there is none.
        [Environment]::SetEnvironmentVariable($one.Key, $one.Value)
    }
    Set-Location -LiteralPath $job.cwd
    $arguments = @{}
    for ($at = 0; $at -lt $job.args.Count; $at += 2) {
        $arguments[$job.args[$at].TrimStart('-')] = $job.args[$at + 1]
    }
    $errors = [IO.StringWriter]::new()
    [Console]::SetError($errors)
    $out = [Text.StringBuilder]::new()
    $global:LASTEXITCODE = 0
    & $job.script @arguments *>&1 | ForEach-Object { [void] $out.AppendLine("$_") }
    $ended = @{ code = $LASTEXITCODE; out = "$out"; err = "$errors" }
    $real.WriteLine(($ended | ConvertTo-Json -Compress))
    $real.Flush()
}
