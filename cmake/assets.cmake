# The files that the server itself serves, carried inside the binary: latchkey_assets. A change of
# any of them rebuilds the table, and with it the ETags. python3 runs at build time only.
find_program(LATCHKEY_PYTHON NAMES python3 REQUIRED)
set(LATCHKEY_ASSETS_DIR ${CMAKE_BINARY_DIR}/assets)
set(LATCHKEY_PAGES_DIR ${CMAKE_SOURCE_DIR}/src/api/pages)
file(GLOB LATCHKEY_PAGES CONFIGURE_DEPENDS ${LATCHKEY_PAGES_DIR}/*)

execute_process(COMMAND ${LATCHKEY_PYTHON} -c "import yaml" RESULT_VARIABLE LATCHKEY_NO_YAML
                ERROR_QUIET)
if(LATCHKEY_NO_YAML AND EXISTS /usr/bin/python3)
  set(LATCHKEY_PYTHON /usr/bin/python3)
endif()

add_custom_command(
  OUTPUT ${LATCHKEY_ASSETS_DIR}/openapi.json
  COMMAND ${LATCHKEY_PYTHON} ${CMAKE_SOURCE_DIR}/cmake/openapi_json.py
          ${CMAKE_SOURCE_DIR}/spec/openapi.yaml ${LATCHKEY_ASSETS_DIR}/openapi.json
  DEPENDS ${CMAKE_SOURCE_DIR}/spec/openapi.yaml ${CMAKE_SOURCE_DIR}/cmake/openapi_json.py
  COMMENT "Converting spec/openapi.yaml" VERBATIM)

# The portal. tools/portal-build does nothing when portal/ is as it was; Node runs at build time only.
file(GLOB_RECURSE LATCHKEY_PORTAL CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/portal/src/*)
file(GLOB LATCHKEY_PORTAL_TOP CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/portal/*.json
     ${CMAKE_SOURCE_DIR}/portal/*.html ${CMAKE_SOURCE_DIR}/portal/*.ts
     ${CMAKE_SOURCE_DIR}/portal/*.mjs)
add_custom_command(
  OUTPUT ${LATCHKEY_ASSETS_DIR}/portal.stamp
  COMMAND ${CMAKE_SOURCE_DIR}/tools/portal-build ${LATCHKEY_ASSETS_DIR}/portal
  COMMAND ${CMAKE_COMMAND} -E touch ${LATCHKEY_ASSETS_DIR}/portal.stamp
  DEPENDS ${LATCHKEY_PORTAL} ${LATCHKEY_PORTAL_TOP} ${CMAKE_SOURCE_DIR}/tools/portal-build
  COMMENT "Building the portal" VERBATIM)

add_custom_command(
  OUTPUT ${LATCHKEY_ASSETS_DIR}/assets_table.cc
  COMMAND ${LATCHKEY_PYTHON} ${CMAKE_SOURCE_DIR}/cmake/embed_assets.py
          ${LATCHKEY_ASSETS_DIR}/assets_table.cc ${LATCHKEY_ASSETS_DIR}/portal
          ${LATCHKEY_PAGES} ${LATCHKEY_ASSETS_DIR}/openapi.json
  DEPENDS ${LATCHKEY_PAGES} ${LATCHKEY_ASSETS_DIR}/openapi.json ${LATCHKEY_ASSETS_DIR}/portal.stamp
          ${CMAKE_SOURCE_DIR}/cmake/embed_assets.py
  COMMENT "Embedding the pages" VERBATIM)

add_library(latchkey_assets STATIC ${LATCHKEY_ASSETS_DIR}/assets_table.cc)
latchkey_flags(latchkey_assets)
