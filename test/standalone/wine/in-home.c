/* Runs a program in another home: Wine itself sets these variables, whatever they were before. */
#include <windows.h>

static wchar_t *without_first(wchar_t *line) {
  int quoted = 0;
  for (; *line && (quoted || *line != L' '); line++)
    if (*line == L'"') quoted = !quoted;
  while (*line == L' ') line++;
  return line;
}

int wmain(void) {
  wchar_t home[MAX_PATH], local[MAX_PATH];
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  DWORD code = 1;
  GetEnvironmentVariableW(L"TEST_HOME", home, MAX_PATH);
  GetEnvironmentVariableW(L"TEST_LOCAL", local, MAX_PATH);
  SetEnvironmentVariableW(L"USERPROFILE", home);
  SetEnvironmentVariableW(L"LOCALAPPDATA", local);
  if (!CreateProcessW(NULL, without_first(GetCommandLineW()), NULL, NULL, TRUE, 0, NULL, NULL,
                      &start, &process))
    return 111;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
