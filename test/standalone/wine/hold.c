/* Keeps a file open for reading, as a virus scanner does: nobody may replace or delete it. */
#include <stdio.h>
#include <windows.h>

int wmain(int count, wchar_t **names) {
  HANDLE file = CreateFileW(names[count - 1], GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                            NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return (int)GetLastError();
  puts("open");
  fflush(stdout);
  Sleep(INFINITE);
  return 0;
}
