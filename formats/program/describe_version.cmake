# Writes OUTPUT, a C string: VERSION and, in a checkout of SOURCE, the commit.
set(text "${VERSION}")
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git describe --tags --always --dirty WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND commit MATCHES "^[-A-Za-z0-9._/+]+$")
    string(APPEND text " (${commit})")
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "\"${text}\"\n" @ONLY)
