# Parses a script and prints, as JSON, everything in it that depends on the version of PowerShell:
# {errors, kinds, texts, commands, members, types, …}. It runs nothing of the script.
param([Parameter(Mandatory)] [string] $Path)

$tokens = $null
$faults = $null
$tree = [Management.Automation.Language.Parser]::ParseFile($Path, [ref] $tokens, [ref] $faults)

function Find-All([string] $Kind) {
    $type = "Management.Automation.Language.$Kind" -as [type]
    return $tree.FindAll({ param($one) $one -is $type }.GetNewClosure(), $true)
}

$commands = Find-All CommandAst | ForEach-Object {
    $parameters = $_.CommandElements |
        Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] }
    @{
        name = $_.GetCommandName()
        parameters = @($parameters | ForEach-Object { $_.ParameterName })
        splats = @($_.CommandElements | Where-Object { $_.Splatted } |
                ForEach-Object { $_.VariablePath.UserPath })
    }
}
$members = Find-All MemberExpressionAst | Where-Object { $_.Static } | ForEach-Object {
    $count = ''
    if ($_ -is [Management.Automation.Language.InvokeMemberExpressionAst]) {
        $count = "/$(@($_.Arguments | Where-Object { $null -ne $_ }).Count)"
    }
    "$($_.Expression.TypeName.Name)::$($_.Member.Value)$count"
}
$optional = @(Find-All MemberExpressionAst | Where-Object { $_.NullConditional }).Count +
    @(Find-All IndexExpressionAst | Where-Object { $_.NullConditional }).Count
$types = @(Find-All TypeExpressionAst) + @(Find-All TypeConstraintAst) |
    ForEach-Object { $_.TypeName.Name }

@{
    errors = @($faults | ForEach-Object { $_.Message })
    kinds = @(($tokens | ForEach-Object { "$($_.Kind)" }) +
        ($tree.FindAll({ $true }, $true) | ForEach-Object { $_.GetType().Name }) | Sort-Object -Unique)
    texts = @($tokens | Where-Object { "$($_.Kind)" -match '^(Number|.*Expandable)$' } |
            ForEach-Object { $_.Text })
    background = @(Find-All PipelineAst | Where-Object { $_.Background }).Count
    clean = @(Find-All ScriptBlockAst | Where-Object { $_.CleanBlock }).Count
    optional = $optional
    commands = @($commands)
    members = @($members | Sort-Object -Unique)
    types = @($types | Sort-Object -Unique)
} | ConvertTo-Json -Depth 6 -Compress
