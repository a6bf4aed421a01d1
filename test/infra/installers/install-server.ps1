# Runs install.ps1 again and again, because PowerShell takes half a second to start. A line of JSON
# on stdin is one run ({script, cwd, env, args}), and a line on stdout is its end
# ({code, out, err, changed}), where `changed` names what the run left behind in this session.
$ErrorActionPreference = 'Stop'
$real = [Console]::Out
$real.WriteLine('ready')
$real.Flush()

function Get-Session {
    $found = @{}
    foreach ($one in [Environment]::GetEnvironmentVariables().GetEnumerator()) {
        $found["env:$($one.Key)"] = "$($one.Value)"
    }
    foreach ($one in Get-ChildItem function:) { $found["function:$($one.Name)"] = $one.Definition }
    foreach ($one in Get-Variable -Scope Global) { $found["variable:$($one.Name)"] = '' }
    foreach ($one in Get-Module) { $found["module:$($one.Name)"] = '' }
    $found['TLS'] = "$([Net.ServicePointManager]::SecurityProtocol)"
    $found['folder'] = "$(Get-Location)"
    $found['profile'] = "$(Test-Path -LiteralPath $PROFILE)"
    return $found
}

# As it would stand on the command line: names of parameters bare, all else quoted.
function Format-Argument([string] $Text) {
    if ($Text -cmatch '^-(Version|Dir|Help)\z') { return $Text }
    return "'" + $Text.Replace("'", "''") + "'"
}

# What PowerShell loads by itself for these commands is not left behind by anybody.
Import-Module Microsoft.PowerShell.Utility, Microsoft.PowerShell.Management
$line = $job = $name = $one = $command = $before = $errors = $out = $ended = $after = $null
$changed = $null

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
    $command = "& '$($job.script)' $(@($job.args | ForEach-Object { Format-Argument $_ }) -join ' ')"
    $global:LASTEXITCODE = 0
    $before = Get-Session
    $errors = [IO.StringWriter]::new()
    [Console]::SetError($errors)
    $out = [Text.StringBuilder]::new()
    Invoke-Expression $command *>&1 | ForEach-Object { [void] $out.AppendLine("$_") }
    $after = Get-Session
    $changed = @(@($before.Keys) + @($after.Keys) | Sort-Object -Unique |
            Where-Object { $before[$_] -cne $after[$_] })
    $ended = @{ code = $LASTEXITCODE; out = "$out"; err = "$errors"; changed = $changed }
    $real.WriteLine(($ended | ConvertTo-Json -Compress))
    $real.Flush()
}
