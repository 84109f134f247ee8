# volumen_shader(target path/name.kind): GLSL beside the CMakeLists.txt becomes path/name.kind.inc in the build tree, the
# words of an array, which the target's sources include.
function(volumen_shader target shader)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${shader})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${shader}.inc)
  cmake_path(GET output PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${output}
    COMMAND Vulkan::glslc -O --target-env=vulkan1.2 -Werror -mfmt=c -I ${CMAKE_SOURCE_DIR}
            -MD -MF ${output}.d -o ${output} ${source}
    DEPENDS ${source} DEPFILE ${output}.d
    COMMENT "Compiling ${shader}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
