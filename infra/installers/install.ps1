# Installs RunMat:  irm https://runmat.com/install.ps1 | iex
#
# What does this say about me? That an installation started, and how it ended: the system, the
# processor, the release, and the random id in %USERPROFILE%\.runmat\telemetry_id. What is in no
# list or pattern below is not sent. RUNMAT_NO_TELEMETRY=1 turns it off, and so does every other
# opt-out of RunMat; RUNMAT_TELEMETRY_SHOW=1 shows each byte. Nothing waits for it or fails with it.
#
# For Windows PowerShell 5.1 and PowerShell 7. It does what install.sh does, in the same order and
# with the same rules. All of it is one block, so that `iex` leaves no functions behind, and so that
# a download that breaks off is no whole block and runs nothing.

[CmdletBinding(PositionalBinding = $false)]
param(
    [string] $Version = $env:RUNMAT_VERSION,
    [string] $Dir = $env:RUNMAT_INSTALL_DIR,
    [switch] $Help,
    [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Rest
)

& {
    param($Invocation, [string] $Version, [string] $Dir, [bool] $Help, [string[]] $Rest)

    Set-StrictMode -Version 2
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue' # drawing it makes 5.1 download many times slower

    $releases = 'https://github.com/runmat-org/runmat/releases'
    $collector = 'https://api.runmat.com/v1/t'
    $docs = 'https://runmat.com/docs/telemetry'

    $knownMachines = -split 'x86_64 arm64 x86 arm riscv64 ppc64 s390x loong64 other aarch64 amd64
        AMD64 ARM64 armv7l i686'
    $tagForm = '[A-Za-z0-9]+([._+-][A-Za-z0-9]+)*'
    $versionForm = 'v?[0-9]{1,6}\.[0-9]{1,6}(\.[0-9]{1,6})?([-+][0-9A-Za-z.+-]{1,32})?'
    $uuidForm = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
    $pathForm = '(/[A-Za-z0-9._~%/?&=+:,-]*)?'
    $endpointForm = "https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$pathForm|" +
        "http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?$pathForm"

    # Surroundings in which nobody asked to be counted: build services, test runs, workers.
    $markers = -split 'CI GITHUB_ACTIONS GITLAB_CI BUILDKITE CIRCLECI TRAVIS APPVEYOR
        TEAMCITY_VERSION JENKINS_URL TF_BUILD PYTEST_CURRENT_TEST PYTEST_VERSION VITEST
        JEST_WORKER_ID NODE_TEST_CONTEXT NEXTEST RUNMAT_INSTRUMENTED_JOB RUNMAT_WORKER RAY_JOB_ID
        RAY_RAYLET_PID OSMO_JOB_ID OSMO_WORKFLOW_ID'
    # And the build services that ci-info recognises, whatever these variables hold.
    $services = -split 'AC_APPCIRCLE AGOLA_GIT_REF ALPIC_HOST APPCENTER_BUILD_ID BITBUCKET_COMMIT
        BITRISE_IO BUDDY_WORKSPACE_ID BUILDER_OUTPUT BUILD_ID BUILD_NUMBER CAPAWESOME_CLOUD
        CF_BUILD_ID CF_PAGES CIRRUS_CI CI_APP_ID CI_BUILD_ID CI_BUILD_NUMBER CI_NAME
        CI_XCODE_PROJECT CM_BUILD_ID CODEBUILD_BUILD_ARN CONTINUOUS_INTEGRATION DRONE DSARI
        EARTHLY_CI EAS_BUILD GERRIT_PROJECT GITEA_ACTIONS GO_PIPELINE_LABEL HARNESS_BUILD_ID
        HUDSON_URL LAYERCI MAGNUM NETLIFY NEVERCODE NOW_BUILDER PROW_JOB_ID RELEASE_BUILD_ID RENDER
        RUN_ID RWX SAILCI SCREWDRIVER SEMAPHORE STRIDER TASK_ID VELA VERCEL WORKERS_CI XCS
        bamboo_planKey'

    $usage = @"
Installs RunMat.

  -Version VERSION  which release, such as v0.4.1 (default: the newest); or RUNMAT_VERSION
  -Dir DIR          where to (default: ~\.local\bin); or RUNMAT_INSTALL_DIR
  -Help             this text

RUNMAT_RELEASES_URL names a mirror, RUNMAT_REQUIRE_CHECKSUM=1 takes no archive without a checksum,
RUNMAT_NO_TELEMETRY=1 turns telemetry off ($docs).
"@

    # What is known so far. `Code` is what the process ends with.
    $run = @{
        Code = 1; Version = $Version; Base = $releases; Folder = ''; Platform = ''; Machine = ''
        Temporary = ''; Staging = ''; Url = ''; Archive = ''
        Telemetry = $false; Endpoint = $collector; ClientId = ''; Seen = $null; Tokens = $null
        Curl = [IO.Path]::Combine("$env:SystemRoot", 'System32', 'curl.exe')
    }

    # 5.1 gives up by itself on a server that falls silent; 7 has to be told.
    $limits = @{ TimeoutSec = 60 }
    if ((Get-Command Invoke-WebRequest).Parameters.ContainsKey('OperationTimeoutSeconds')) {
        $limits['OperationTimeoutSeconds'] = 30
    }

    function Install-RunMat {
        Read-Arguments
        Find-Platform
        Initialize-Telemetry
        $run.Temporary = New-Folder ([IO.Path]::GetTempPath())
        if (-not $run.Version) { Find-Newest }
        Send-Event 'install_start'
        if (-not $run.Platform) { throw "there is no RunMat for Windows on $($run.Machine)" }
        Get-Archive
        Confirm-Archive
        Install-Programs
        Send-Event 'install_complete'
        $run.Code = 0

        $program = [IO.Path]::Combine($run.Folder, 'runmat.exe')
        Write-Host "RunMat $($run.Version) is installed: $program"
        if (($env:PATH -split ';') -notcontains $run.Folder) {
            Write-Host "To run it by name, add this folder to your PATH: $($run.Folder)"
        }
    }

    function Stop-Misused([string] $Message) {
        $run.Code = 2
        throw "$Message`n$usage"
    }

    function Read-Arguments {
        if ($env:OS -ne 'Windows_NT') {
            throw 'this is for Windows; elsewhere: curl -fsSL https://runmat.com/install.sh | sh'
        }
        if ($Rest) { Stop-Misused "unknown argument: $($Rest[0])" }
        if ($run.Version -eq 'latest') { $run.Version = '' }
        if ($run.Version -and -not (Test-Tag $run.Version)) {
            Stop-Misused "this is no version: $($run.Version)"
        }
        if ($env:RUNMAT_RELEASES_URL) { $run.Base = $env:RUNMAT_RELEASES_URL.TrimEnd('/') }
        if ($run.Base -cnotmatch '^https?://[\]\[A-Za-z0-9._~:/%@+=,-]+\z') {
            Stop-Misused "RUNMAT_RELEASES_URL is no address: $($run.Base)"
        }
        $folder = $Dir
        if (-not $folder) {
            if (-not $env:USERPROFILE) { throw 'USERPROFILE is not set: say where to, with -Dir' }
            $folder = [IO.Path]::Combine($env:USERPROFILE, '.local', 'bin')
        }
        # Relative to the folder that the user sees, which is not the process's.
        $paths = $ExecutionContext.SessionState.Path
        $run.Folder = $paths.GetUnresolvedProviderPathFromPSPath($folder)
    }

    function Find-Platform {
        # A 32-bit PowerShell is told about the processor that it believes to run on.
        $run.Machine = "$env:PROCESSOR_ARCHITEW6432"
        if (-not $run.Machine) { $run.Machine = "$env:PROCESSOR_ARCHITECTURE" }
        # Windows on ARM runs programs for x86_64, and there are no others.
        if (@('AMD64', 'ARM64') -contains $run.Machine) { $run.Platform = 'windows-x86_64' }
    }

    # ---- The archive ---------------------------------------------------------------------------

    # <base>/latest redirects to <base>/tag/<version>.
    function Find-Newest {
        $address = "$($run.Base)/latest"
        $newest = ''
        try {
            $response = Invoke-WebRequest -Uri $address -Method Head -UseBasicParsing @limits
            # 5.1 and 7 keep the address in different places.
            $base = $response.BaseResponse
            if ($base.PSObject.Properties['ResponseUri']) { $page = $base.ResponseUri }
            else { $page = $base.RequestMessage.RequestUri }
            $newest = ($page.AbsoluteUri -split '/tag/')[-1]
        }
        catch { throw "cannot find the newest release at ${address}: $($_.Exception.Message)" }
        if (-not (Test-Tag $newest)) { throw "cannot find the newest release at $address" }
        $run.Version = $newest
    }

    function Get-Archive {
        $run.Url = '{0}/download/{1}/runmat-{1}-{2}.zip' -f $run.Base, $run.Version, $run.Platform
        $run.Archive = [IO.Path]::Combine($run.Temporary, 'archive.zip')
        Write-Host "Downloading RunMat $($run.Version) for $($run.Platform)"
        $status = Save-Page $run.Url $run.Archive
        if ($status -ne 200) {
            $what = "$($run.Version) for $($run.Platform)"
            throw "there is no ${what}: status $status from $($run.Url)"
        }
    }

    # A checksum that is not there (404) is one thing, one that does not arrive is another.
    function Confirm-Archive {
        $address = "$($run.Url).sha256"
        $file = [IO.Path]::Combine($run.Temporary, 'sha256')
        $status = Save-Page $address $file
        if ($status -eq 404 -and -not (Test-Set $env:RUNMAT_REQUIRE_CHECKSUM)) {
            Write-Warning "no checksum is published at $address; the archive is not verified"
            return
        }
        if ($status -ne 200) { throw "there is no checksum: status $status from $address" }
        $expected = (-split [IO.File]::ReadAllText($file) | Select-Object -First 1)
        if ("$expected" -notmatch '^[0-9a-f]{64}\z') { throw "$address holds no SHA-256 checksum" }
        $actual = (Get-FileHash -LiteralPath $run.Archive -Algorithm SHA256).Hash
        if ($actual -ne $expected) {
            throw "the checksum of $($run.Url) is wrong: $actual instead of $expected"
        }
    }

    # Answers with the HTTP status, and throws when there is none.
    function Save-Page([string] $Address, [string] $File) {
        try {
            Invoke-WebRequest -Uri $Address -OutFile $File -UseBasicParsing @limits
            return 200
        }
        catch {
            $response = $_.Exception.PSObject.Properties['Response']
            if ($response -and $response.Value) { return [int] $response.Value.StatusCode }
            throw "cannot download ${Address}: $($_.Exception.Message)"
        }
    }

    # Only the programs are taken out, by name: no other path in the archive has an effect. That is
    # why this is not Expand-Archive, which writes all of it wherever it says.
    function Install-Programs {
        Add-Type -AssemblyName System.IO.Compression
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        try { $zip = [IO.Compression.ZipFile]::OpenRead($run.Archive) }
        catch { throw "$($run.Url) is damaged: $($_.Exception.Message)" }
        try {
            foreach ($entry in $zip.Entries) {
                if ($entry.FullName -match '^[/\\]|:|(^|[/\\])\.\.([/\\]|\z)') {
                    throw "$($run.Url) has paths that lead out of it; nothing was installed"
                }
            }
            if (-not (Find-Entry $zip 'runmat.exe')) { throw "$($run.Url) holds no runmat.exe" }
            try { $run.Staging = New-Folder $run.Folder }
            catch {
                throw "cannot write to $($run.Folder); choose another folder with -Dir"
            }
            $found = @()
            foreach ($name in @('runmat-telemetry.exe', 'runmat.exe')) {
                $entry = Find-Entry $zip $name
                if (-not $entry) { continue }
                if ($entry.Length -eq 0) { throw "what $($run.Url) calls $name is no program" }
                $file = [IO.Path]::Combine($run.Staging, $name)
                [IO.Compression.ZipFileExtensions]::ExtractToFile($entry, $file)
                $found += $name
            }
        }
        finally { $zip.Dispose() }
        foreach ($name in $found) { Move-Over $name }
    }

    # At the top of the archive, or in the one folder that holds everything.
    function Find-Entry($Zip, [string] $Name) {
        $form = '^([A-Za-z0-9][A-Za-z0-9._+-]*[/\\])?(bin[/\\])?' + [regex]::Escape($Name) + '\z'
        foreach ($entry in $Zip.Entries) { if ($entry.FullName -cmatch $form) { return $entry } }
    }

    # A program that runs cannot be overwritten, but it can get another name. What then is left of
    # it is deleted by the next installation.
    function Move-Over([string] $Name) {
        $new = [IO.Path]::Combine($run.Staging, $Name)
        $place = [IO.Path]::Combine($run.Folder, $Name)
        foreach ($old in [IO.Directory]::GetFiles($run.Folder, "$Name.*.old")) {
            try { [IO.File]::Delete($old) } catch { Write-Verbose "still in use: $old" }
        }
        if (-not [IO.File]::Exists($place)) { return [IO.File]::Move($new, $place) }
        $aside = "$place.$([guid]::NewGuid().ToString('N')).old"
        try { [IO.File]::Replace($new, $place, $aside) }
        catch {
            if (-not [IO.File]::Exists($aside)) { [IO.File]::Move($place, $aside) }
            try { [IO.File]::Move($new, $place) } catch { [IO.File]::Move($aside, $place); throw }
        }
        try { [IO.File]::Delete($aside) } catch { Write-Verbose "still in use: $aside" }
    }

    function New-Folder([string] $Parent) {
        $folder = [IO.Path]::Combine($Parent, ".runmat-install-$([guid]::NewGuid().ToString('N'))")
        [void] [IO.Directory]::CreateDirectory($folder)
        return $folder
    }

    # ---- Telemetry -----------------------------------------------------------------------------

    function Initialize-Telemetry {
        try {
            $given = [Environment]::GetEnvironmentVariable('RUNMAT_TELEMETRY_ENDPOINT')
            if ($null -ne $given) { $run.Endpoint = $given }
            if (-not (Test-Consent)) { return }
            try { $run.ClientId = Get-ClientId } catch { $run.ClientId = '' }
            Write-Host ('RunMat counts installs, under a random id; ' +
                "RUNMAT_NO_TELEMETRY=1 turns it off: $docs")
            $run.Telemetry = $true
        }
        catch { $run.Telemetry = $false }
    }

    # If it is unclear whether the user opted out, they did.
    function Test-Consent {
        if (-not [IO.Path]::IsPathRooted("$env:USERPROFILE")) { return $false }
        foreach ($name in @('DO_NOT_TRACK', 'RUNMAT_NO_TELEMETRY') + $markers) {
            if (Test-Set ([Environment]::GetEnvironmentVariable($name))) { return $false }
        }
        $toggle = "$env:RUNMAT_TELEMETRY".Trim()
        if (@('', '1', 'true', 'yes', 'on') -notcontains $toggle) { return $false }
        foreach ($name in $services) {
            if ([Environment]::GetEnvironmentVariable($name)) { return $false }
        }

        $userHome = $env:USERPROFILE
        $files = @()
        $config = [IO.Path]::Combine($userHome, '.config')
        # The XDG specification has programs ignore a relative path.
        foreach ($parent in @("$env:XDG_CONFIG_HOME", $config)) {
            if (-not [IO.Path]::IsPathRooted($parent)) { continue }
            foreach ($name in @('config.toml', 'config.json')) {
                $files += [IO.Path]::Combine($parent, 'runmat', $name)
            }
        }
        foreach ($name in @('config.toml', 'config.json')) {
            $files += [IO.Path]::Combine($userHome, '.runmat', $name)
        }
        # The administrator's file, wherever the variable leads.
        $common = [Environment]::GetFolderPath('CommonApplicationData')
        foreach ($parent in @("$env:ProgramData", $common)) {
            if (-not $parent) { continue }
            $file = [IO.Path]::Combine($parent, 'runmat', 'telemetry.toml')
            if (-not (Test-Settings $file $true)) { return $false }
        }
        $folder = (Get-Location -PSProvider FileSystem).ProviderPath
        if ($env:RUNMAT_CONFIG) {
            $named = [IO.Path]::Combine($folder, $env:RUNMAT_CONFIG)
            if (-not [IO.File]::Exists($named)) { return $false }
            $files += $named
        }
        foreach ($file in $files) { if (-not (Test-Settings $file)) { return $false } }
        # The nearest folder that has one. What is itself a folder is none.
        for ($found = $false; $folder -and -not $found; $folder = [IO.Path]::GetDirectoryName($folder)) {
            foreach ($name in @('runmat.toml', 'runmat.json')) {
                $file = [IO.Path]::Combine($folder, $name)
                if ([IO.Directory]::Exists($file)) { continue }
                if (-not (Test-Settings $file)) { return $false }
                if ([IO.File]::Exists($file)) { $found = $true }
            }
        }

        return $run.Endpoint -cmatch "^($endpointForm)\z" -and [IO.File]::Exists($run.Curl)
    }

    # Does a settings file leave it at yes? This is no parser of TOML or JSON: anything but plain
    # lines, or but a plain yes where telemetry is mentioned, is a no. So is an address of the
    # user's own, because these events would not go there.
    function Test-Settings([string] $File, [bool] $Whole = $false) {
        try { $text = Read-Text $File }
        catch { return $false }
        if ($null -eq $text) { return Test-Reach $File }
        $run.Seen = New-Object Collections.Hashtable
        $run.Whole = $Whole
        if ($File -clike '*.json') { return Test-Json $text }
        return Test-Toml $text
    }

    # Null where there is no such file. Throws where it is anything but text of up to 64 kB (UTF-8).
    function Read-Text([string] $File) {
        try {
            $share = [IO.FileShare]'ReadWrite, Delete'
            $stream = [IO.File]::Open($File, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
        }
        catch {
            $cause = $_.Exception.GetBaseException()
            $absent = $cause -is [IO.FileNotFoundException] -or
                $cause -is [IO.DirectoryNotFoundException]
            if ($absent -and -not (Test-Link $File)) { return $null }
            throw
        }
        try {
            $bytes = New-Object byte[] 65537
            $length = 0
            do {
                $count = $stream.Read($bytes, $length, $bytes.Length - $length)
                $length += $count
            } while ($count -gt 0 -and $length -lt $bytes.Length)
        }
        finally { $stream.Dispose() }
        if ($length -eq $bytes.Length) { throw 'it is too large' }
        $strict = New-Object Text.UTF8Encoding $false, $true
        $text = $strict.GetString($bytes, 0, $length)
        if ($text -match '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]|\r(?!\n)') { throw 'it is no text' }
        return $text
    }

    # Settings may lie on a disk that is not there now. Then a file, or a link that leads nowhere, has
    # the place of their folder.
    function Test-Reach([string] $File) {
        $above = [IO.Path]::GetDirectoryName($File)
        while ($above -and -not (Test-Link $above)) { $above = [IO.Path]::GetDirectoryName($above) }
        if (-not $above) { return $true }
        $isLink = [IO.File]::GetAttributes($above) -band [IO.FileAttributes]::ReparsePoint
        if (-not $isLink) { return [IO.Directory]::Exists($above) }
        # Windows takes a link to a folder for one that is there, until it is asked what is in it.
        try { [void] [IO.Directory]::GetFiles($above, 'runmat'); return $true } catch { return $false }
    }

    # A link that leads nowhere is there, and says something that we cannot read.
    function Test-Link([string] $File) {
        try { [void] [IO.File]::GetAttributes($File); return $true } catch { return $false }
    }

    # Takes a setting by its path: does it leave it at yes? A table has the value "{".
    function Test-Setting([string] $Path, [string] $Value) {
        if ($run.Seen.ContainsKey("=$Path")) { return $false }
        $run.Seen["=$Path"] = $true
        $tables = @('runtime', 'telemetry', 'runtime.telemetry')
        if ($Value -eq '{' -and $tables -ccontains $Path) { return $true }
        # A file about telemetry only may leave the table out.
        if ($run.Whole -and $Path -cnotmatch '^runtime\z|\.') { $Path = "telemetry.$Path" }
        if ($Path -cmatch '^telemetry\.(enabled|uploads)\z') { return $Value -ceq 'true' }
        if ($Path -clike 'telemetry.*') { return $false }
        if ($Path -cnotlike 'runtime.telemetry.*') {
            return $Path -cne 'runtime' -and
                $Path -notmatch '(^|\.)(tel[^.]*|[^.]*emetry)(\.|\z)'
        }
        switch -casesensitive -regex ($Path.Substring('runtime.telemetry.'.Length)) {
            '^enabled\z' { return $Value -ceq 'true' }
            '^http_endpoint\z' { return $Value -ceq '""' }
            '^udp_endpoint\z' { return $Value -cmatch '^"([A-Za-z0-9.-]+:[0-9]+)?"\z' }
            '^drain_mode\z' { return $Value -cmatch '^"(all|none)"\z' }
            '^(queue_size|drain_timeout_ms)\z' { return $Value -cmatch '^(0|[1-9][0-9]*)\z' }
            '^(show_payloads|sync_mode|require_ingestion_key)\z' {
                return $Value -cmatch '^(true|false)\z'
            }
        }
        return $false
    }

    function Test-Toml([string] $Text) {
        $word = '([A-Za-z0-9_-]+|"[^"\\]*"|''[^'']*'')'
        $name = "[ \t]*$word([ \t]*[.][ \t]*$word)*[ \t]*"
        $rest = '[ \t]*(#.*)?\z'
        $digits = '[0-9](_?[0-9])*'
        $number = "[-+]?(inf|nan|(0|[1-9](_?[0-9])*)([.]$digits)?([eE][-+]?$digits)?)"
        $string = '"([^"\\]|\\["\\bfnrt])*"|''[^'']*'''
        $scalar = "($string|true|false|$number)"
        $list = "[[][ \t]*($scalar[ \t]*(,[ \t]*$scalar[ \t]*)*(,[ \t]*)?)?\]"
        $entry = "$name=[ \t]*($scalar|$list)[ \t]*"
        $value = "($scalar|$list|[{]([ \t]*|$entry(,$entry)*)[}])"
        $table = ''
        $count = 0
        foreach ($line in $Text -split '\r?\n') {
            if ($line -cmatch '"""|''''''') { return $false }
            if ($line -cmatch "^$rest") { continue }
            $count += 1
            $prefix = ''
            if ($table) { $prefix = "$table." }
            if ($line -cmatch "^[ \t]*\[(?<path>$name)\]$rest") {
                $path = $Matches['path'] -replace '[ \t"'']', ''
                $table = $path
                $what = '{'
            }
            elseif ($line -cmatch "^[ \t]*\[\[(?<path>$name)\]\]$rest") {
                $path = $Matches['path'] -replace '[ \t"'']', ''
                if ($path -match '^runtime(\.|\z)') { return $false }
                $path = "$path#$count"
                $table = $path
                $what = '['
            }
            elseif ($line -cmatch "^(?<path>$name)=[ \t]*(?<value>$value)$rest") {
                $what = $Matches['value']
                if ($what[0] -eq '{') { $what += ' inline' }
                $path = $prefix + ($Matches['path'] -replace '[ \t"'']', '')
            }
            else { return $false }
            if (-not (Test-Setting $path $what)) { return $false }
        }
        return $true
    }

    function Test-Json([string] $Text) {
        $form = '\G[ \t\r\n]*("([^"\\\x00-\x1f]|\\(["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"|true|false|null|' +
            '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?|[\]{},:[])'
        $tokens = New-Object Collections.Queue
        $run.Tokens = $tokens
        $end = 0
        for ($found = [regex]::Match($Text, $form); $found.Success; $found = $found.NextMatch()) {
            $tokens.Enqueue($found.Groups[1].Value)
            $end = $found.Index + $found.Length
        }
        if ($tokens.Count -gt 20000 -or $Text.Substring($end) -notmatch '^[ \t\r\n]*\z') {
            return $false
        }
        if ($tokens.Count -eq 0 -or $tokens.Peek() -ne '{') { return $false }
        try { return (Test-Value '' 0) -and $tokens.Count -eq 0 }
        catch { return $false }
    }

    # Takes one value off the tokens, with all that is in it; an empty queue throws.
    function Test-Value([string] $Path, [int] $Depth) {
        $tokens = $run.Tokens
        $start = $tokens.Dequeue()
        if ($Depth -gt 50 -or -not (Test-Setting $Path $start)) { return $false }
        if ($start -cnotmatch '^[\[{]\z') { return $start -cnotmatch '^[\]},:]\z' }
        $end = ']'
        if ($start -eq '{') { $end = '}' }
        if ($tokens.Peek() -eq $end) { [void] $tokens.Dequeue(); return $true }
        $prefix = ''
        if ($Path) { $prefix = "$Path." }
        for ($count = 1; $true; $count += 1) {
            $place = "$Path.$count"
            if ($start -eq '{') {
                $key = $tokens.Dequeue()
                if ($key -cnotmatch '^"[^\\]*"\z' -or $tokens.Dequeue() -ne ':') { return $false }
                $place = $prefix + $key.Substring(1, $key.Length - 2)
            }
            if (-not (Test-Value $place ($Depth + 1))) { return $false }
            $next = $tokens.Dequeue()
            if ($next -eq $end) { return $true }
            if ($next -ne ',') { return $false }
        }
    }

    # The id that all installers and RunMat itself share. Several may want one at once: a file
    # appears under its name whole, and only if there is none (moving does not replace), and what is
    # there in the end is the id. The process that holds <file>.new may replace a malformed one.
    function Get-ClientId {
        $folder = [IO.Path]::Combine($env:USERPROFILE, '.runmat')
        $file = [IO.Path]::Combine($folder, 'telemetry_id')
        $known = Read-ClientId $file
        if ($known -or [IO.Directory]::Exists($file)) { return $known }
        [void] [IO.Directory]::CreateDirectory($folder)
        $own = "$file.$([guid]::NewGuid().ToString('N')).tmp"
        try {
            [IO.File]::WriteAllText($own, "$([guid]::NewGuid())`n")
            $mine = Move-New $own $file
            for ($round = 0; -not $mine -and $round -lt 20; $round += 1) {
                if (Read-ClientId $file) { break }
                if (-not (Move-New $own "$file.new")) { Start-Sleep -Milliseconds 50 }
                elseif (Read-ClientId $file) { [IO.File]::Delete("$file.new"); break }
                else { [IO.File]::Replace("$file.new", $file, [NullString]::Value); break }
            }
            # Its holder must have died: the next one finds the way free.
            $age = [DateTime]::UtcNow - [IO.File]::GetLastWriteTimeUtc("$file.new")
            if ($age.TotalMinutes -gt 1) { [IO.File]::Delete("$file.new") }
        }
        finally { [IO.File]::Delete($own) }
        return Read-ClientId $file
    }

    function Move-New([string] $From, [string] $To) {
        try { [IO.File]::Move($From, $To); return $true } catch { return $false }
    }

    function Read-ClientId([string] $File) {
        try {
            if ([IO.FileInfo]::new($File).Length -gt 256) { return '' }
            $text = [IO.File]::ReadAllText($File).Trim().ToLowerInvariant()
            if ($text -cmatch "^$uuidForm\z") { return $text }
        }
        catch { return '' }
        return ''
    }

    # One event, in the order of the contract. It is posted by a process that holds none of our
    # files (the shell starts it, not we), ends by itself, and is not waited for.
    function Send-Event([string] $Label) {
        if (-not $run.Telemetry) { return }
        try {
            # Checked again each time: the user may have opted out since.
            if (-not (Test-Consent)) { return }
            $machine = 'other'
            if ($knownMachines -ccontains $run.Machine) { $machine = $run.Machine }
            $release = 'unknown'
            if ($run.Version.Length -le 48 -and $run.Version -cmatch "^$versionForm\z") {
                $release = $run.Version
            }
            $json = ''
            $fields = @(
                @('event_label', $Label),
                @('uuid', [guid]::NewGuid().ToString()),
                @('os', 'windows'),
                @('arch', $machine),
                @('platform', $run.Platform),
                @('release', $release),
                @('method', 'powershell'),
                @('cid', $run.ClientId)
            )
            foreach ($field in $fields) {
                if ($field[1]) { $json += ',"{0}":"{1}"' -f $field[0], $field[1] }
            }
            $json = '{' + $json.Substring(1) + '}'
            if (Test-Set $env:RUNMAT_TELEMETRY_SHOW) { [Console]::Error.WriteLine($json) }

            $start = [Diagnostics.ProcessStartInfo]::new()
            $start.FileName = $run.Curl
            $start.Arguments = '-s -o NUL --max-time 3 -A runmat-install ' +
                '-H "Content-Type: application/json" --data-binary "' + $json.Replace('"', '\"') +
                '" "' + $run.Endpoint + '"'
            $start.UseShellExecute = $true
            $start.WindowStyle = 'Hidden'
            $start.WorkingDirectory = $env:SystemRoot
            # What can't be put on record does not leave.
            Add-Sent $json
            # Who opts out after this look waits for what is on record.
            if (-not (Test-Consent)) { return }
            [void] [Diagnostics.Process]::Start($start)
        }
        catch { Write-Verbose 'the event is lost' }
    }

    # Adds the event to the list of what left this machine, which `runmat-telemetry log` shows.
    # Nobody waits for the answer here, so it never says that the event has arrived.
    function Add-Sent([string] $Json) {
        $local = "$env:LOCALAPPDATA"
        if (-not $local) { $local = [IO.Path]::Combine($env:USERPROFILE, 'AppData', 'Local') }
        $top = [IO.Path]::Combine($local, 'runmat')
        $folder = [IO.Path]::Combine($top, 'Cache', 'telemetry')
        if ([IO.Path]::IsPathRooted("$env:XDG_CACHE_HOME")) {
            $top = [IO.Path]::Combine($env:XDG_CACHE_HOME, 'runmat')
            $folder = [IO.Path]::Combine($top, 'telemetry')
        }
        [void] [IO.Directory]::CreateDirectory($folder)
        $file = [IO.Path]::Combine($folder, 'sent.ndjson')
        # Through a link the line would end up in a file that is not ours.
        foreach ($place in @($top, $folder, $file)) {
            if ((Test-Link $place) -and ([IO.File]::GetAttributes($place) -band
                    [IO.FileAttributes]::ReparsePoint)) { throw 'it is not ours' }
        }
        $time = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ',
            [Globalization.CultureInfo]::InvariantCulture)
        $line = '{"sent_at":"' + $time + '","endpoint":"' + $run.Endpoint + '","event":' + $Json +
            ',"via":"installer","confirmed":false}' + "`n"
        $share = [IO.FileShare]'ReadWrite, Delete'
        $access = [IO.FileAccess]::ReadWrite
        $stream = [IO.File]::Open($file, [IO.FileMode]::OpenOrCreate, $access, $share)
        try {
            if ($stream.Length -gt 0) {
                [void] $stream.Seek(-1, [IO.SeekOrigin]::End)
                # A crash or a full disk may have cut the last line short.
                if ($stream.ReadByte() -ne 10) { $line = "`n" + $line }
            }
            [void] $stream.Seek(0, [IO.SeekOrigin]::End)
            $bytes = [Text.Encoding]::ASCII.GetBytes($line)
            $stream.Write($bytes, 0, $bytes.Length)
        }
        finally { $stream.Dispose() }
    }

    # ---- Words ---------------------------------------------------------------------------------

    # Set to anything that does not itself say no.
    function Test-Set([string] $Value) {
        return @('', '0', 'false', 'no', 'off') -notcontains $Value.Trim()
    }

    # The name of a release becomes a part of addresses and file names.
    function Test-Tag([string] $Name) {
        return $Name.Length -le 64 -and $Name -cmatch "^$tagForm\z"
    }

    # ---- The end -------------------------------------------------------------------------------

    if ($Help) { Write-Host $usage; return }
    $message = ''
    $protocol = [Net.ServicePointManager]::SecurityProtocol
    try {
        # 5.1 does not offer it by itself on older systems.
        $tls12 = [Net.SecurityProtocolType]::Tls12
        [Net.ServicePointManager]::SecurityProtocol = $protocol -bor $tls12
        Install-RunMat
    }
    catch { $message = $_.Exception.Message }
    finally {
        # The only place that reports a failure, also after Ctrl-C: it happens once at the most.
        if ($run.Code -ne 0) { Send-Event 'install_failed' }
        [Net.ServicePointManager]::SecurityProtocol = $protocol
        foreach ($folder in @($run.Temporary, $run.Staging)) {
            try { if ($folder) { [IO.Directory]::Delete($folder, $true) } }
            catch { Write-Verbose "cannot remove $folder" }
        }
    }

    $global:LASTEXITCODE = $run.Code
    if ($run.Code -eq 0) { return }
    # Under `iex` there is no script to leave, and `exit` would close the user's window.
    $command = $Invocation.MyCommand
    if ($command -is [Management.Automation.ExternalScriptInfo] -and
        $command.ScriptContents.Contains('function Install-RunMat {')) {
        [Console]::Error.WriteLine("Error: $message")
        exit $run.Code
    }
    throw $message
} $MyInvocation $Version $Dir ([bool] $Help) $Rest
